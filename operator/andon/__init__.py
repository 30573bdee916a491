"""Andon: a GitOps controller for industrial MLOps. Start reading at ``api`` (what users write) or ``core`` (what is decided)."""

"""What a person says to Andon, put where it counts: `andon approve`, `reject`, `pin`, `promote`, `abort` and `suspend`.

``asked`` says which object asks what of people, ``syncer`` who puts a spec back; both are pure. ``word`` writes an annotation in
the person's own name. Nothing here edits a spec that git owns.
"""

"""What should a collector do, and which windows of its tags are not to be believed."""

"""The editor: one scalar of a person's YAML changes, and every other byte stays.

`find` says where in a folder a field of an object is set, and `Place.changed_to` gives the bytes with another value there; what
cannot be edited so is a `Refusal`. `file` does it to a file on disk. Nothing here knows git. Start reading at `place`.
"""

from andon.ports.splice.find import find
from andon.ports.splice.objects import ObjectRef
from andon.ports.splice.path import parsed
from andon.ports.splice.place import Place
from andon.ports.splice.refusal import Refusal

__all__ = ["ObjectRef", "Place", "Refusal", "find", "parsed"]

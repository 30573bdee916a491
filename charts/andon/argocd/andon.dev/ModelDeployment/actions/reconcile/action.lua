-- A new value makes Andon look again; status.lastHandledReconcileAt repeats it.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["andon.dev/reconcile"] = os.date("!%Y-%m-%dT%XZ")
return obj

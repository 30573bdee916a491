-- What a person can say of a ModelDeployment. Each is an annotation: Argo CD would put an edited spec back to what git says.
-- `approve` is none of them: it needs the name of who says it, which a script is not told.
local words = obj.metadata.annotations or {}
local candidate, aborted = nil, words["andon.dev/abort"]
if obj.status ~= nil then
  candidate = obj.status.candidate
end

return {
  pin = {
    displayName = "Serve this version, whatever git says",
    iconClass = "fa fa-fw fa-thumbtack",
    params = { { name = "version" } },
  },
  unpin = {
    displayName = "Let git say again",
    iconClass = "fa fa-fw fa-unlock",
    disabled = words["andon.dev/pin"] == nil,
  },
  promote = {
    displayName = "Promote the candidate now",
    iconClass = "fa fa-fw fa-forward",
    disabled = candidate == nil,
  },
  abort = {
    displayName = "Take the candidate out",
    iconClass = "fa fa-fw fa-times-circle",
    disabled = candidate == nil,
  },
  retry = {
    displayName = "Try the aborted version again",
    iconClass = "fa fa-fw fa-redo",
    disabled = aborted == nil,
  },
  reconcile = { displayName = "Look again now", iconClass = "fa fa-fw fa-sync" },
}

local version = actionParams ~= nil and actionParams["version"] or nil
if version == nil or tonumber(version) == nil then
  error("version: give the number of a version, for example one of status.history", 0)
end
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["andon.dev/pin"] = version
return obj

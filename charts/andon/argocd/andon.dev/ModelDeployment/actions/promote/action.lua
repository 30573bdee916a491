if obj.status == nil or obj.status.candidate == nil then
  error("promote: no version is being judged", 0)
end
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["andon.dev/promote"] = obj.status.candidate.version
return obj

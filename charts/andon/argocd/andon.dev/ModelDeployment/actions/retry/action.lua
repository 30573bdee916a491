if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["andon.dev/abort"] = nil
end
return obj

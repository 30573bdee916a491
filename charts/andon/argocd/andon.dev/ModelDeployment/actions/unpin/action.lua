if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["andon.dev/pin"] = nil
end
return obj

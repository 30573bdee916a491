-- What can be asked of a DataSource, a TrainingPipeline or a DriftPolicy.
return { reconcile = { displayName = "Look again now", iconClass = "fa fa-fw fa-sync" } }

"""A process node: a small local kubelet that runs pods as processes of the user who started it. Lab only.

Without root nothing can be mounted and there is no DNS, so what a container would find at a fixed place is handed over:
a mount path becomes a folder of the pod, and `NAME.NAMESPACE.svc` the Service's address (see ``handover``); the API server
is found through a KUBECONFIG (``kubeconfig``); the termination log through ANDON_TERMINATION_LOG (``container``).

Not here: init containers (a pod that has any is Failed), lifecycle hooks, gRPC probes, resource limits, read-only mounts,
`kubectl logs` and `exec`. Start reading at ``pod``: the life of one pod. ``forwarder`` and ``provisioner`` stand for what
nodes of a real cluster share (``python -m andon.lab.node.shared``).
"""

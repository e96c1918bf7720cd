"""Takes out of a pod's YAML what podman 4.3 does not know: optional ConfigMap volumes and their mounts; fieldRef becomes a
plain value; probes go, since this podman's health checks want a shell; so do annotations of more than 63 characters, which
it refuses although Kubernetes does not. Finished init containers are kept: it fails when it removes one that it believes
to be running still. Reads and writes standard streams."""
import sys

import yaml

pod = yaml.safe_load(sys.stdin)
spec, annotations = pod["spec"], pod["metadata"].get("annotations", {})
pod["metadata"]["annotations"] = {name: value for name, value in annotations.items() if len(value) <= 63}
dropped = {volume["name"] for volume in spec.get("volumes", []) if "configMap" in volume}
pod["metadata"]["annotations"]["io.podman.annotations.init.container.type"] = "always"
spec["volumes"] = [volume for volume in spec.get("volumes", []) if volume["name"] not in dropped]
for container in spec.get("initContainers", []) + spec["containers"]:
    container["volumeMounts"] = [mount for mount in container.get("volumeMounts", []) if mount["name"] not in dropped]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
        container.pop(probe, None)
    for variable in container.get("env", []):
        if "valueFrom" in variable:
            del variable["valueFrom"]
            variable["value"] = "default"
yaml.safe_dump(pod, sys.stdout)

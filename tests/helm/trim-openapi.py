#!/usr/bin/env python3
"""Cuts the schema dump of an API server (/openapi/v2) down to the kinds that the charts and examples make.

    tests/helm/trim-openapi.py openapi-1.34.json > tests/helm/kubernetes-1.34.json

Kept are the definitions that these kinds reach, and of them what a strict check needs: type, format, properties,
required, items, additionalProperties, enum. Descriptions and patch hints go: two megabytes become one hundredth.
"""
import json
import sys

KINDS = [
    "v1/ConfigMap", "v1/Namespace", "v1/Pod", "v1/Secret", "v1/Service", "v1/ServiceAccount",
    "apps/v1/DaemonSet", "apps/v1/Deployment", "apps/v1/ReplicaSet", "apps/v1/StatefulSet",
    "batch/v1/CronJob", "batch/v1/Job",
    "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
    "networking.k8s.io/v1/NetworkPolicy",
    "policy/v1/PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1/ClusterRole", "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1/Role", "rbac.authorization.k8s.io/v1/RoleBinding",
]
KEPT = ["type", "format", "required", "enum", "$ref"]
PREFIX = "#/definitions/"


def trim(schema):
    result = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in schema:
        result["properties"] = {name: trim(value) for name, value in sorted(schema["properties"].items())}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = trim(schema[key])
    return result


def references(schema):
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(PREFIX)
        for value in schema.values():
            yield from references(value)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        dump = json.load(file)
    definitions = dump["definitions"]

    kinds = {}
    for name, schema in definitions.items():
        for gvk in schema.get("x-kubernetes-group-version-kind", []):
            kind = "/".join(part for part in (gvk["group"], gvk["version"], gvk["kind"]) if part)
            if kind in KINDS:
                kinds[kind] = PREFIX + name
    missing = set(KINDS) - set(kinds)
    if missing:
        sys.exit(f"not in {sys.argv[1]}: {', '.join(sorted(missing))}")

    kept, waiting = {}, [reference.removeprefix(PREFIX) for reference in kinds.values()]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = trim(definitions[name])
            waiting.extend(references(kept[name]))

    trimmed = {"version": dump["info"]["version"], "kinds": dict(sorted(kinds.items())), "definitions": dict(sorted(kept.items()))}
    json.dump(trimmed, sys.stdout, indent=None, separators=(",", ":"))
    sys.stdout.write("\n")


main()

#!/usr/bin/env bash
# Every object of every kind in the cluster, one a line, without what comes and goes by itself.
set -euo pipefail
kubectl api-resources --verbs=list -o name | grep -vE '^(events|events\.events\.k8s\.io|leases\.|endpoints|endpointslices\.|componentstatuses|controllerrevisions|replicasets)' | paste -sd, |
    xargs kubectl get --all-namespaces --ignore-not-found --no-headers \
        -o custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name 2>/dev/null |
    grep -vE 'default-token-|kube-root-ca.crt' | tr -s ' ' | sort

using System.Text.Json.Nodes;
using Sidecar.Contract;

namespace Sidecar.Injector.Tests.Injection;

/// <summary>Pods as nobody would write them, of a seed: every member may be missing, null, empty, of another type or hostile.</summary>
internal sealed class RandomPod(int seed)
{
    private static readonly string[] Values =
    [
        "", "25", "1-65535", "25,,3", "80-90,100", "10.0.0.0/8", "fd00::/8", "::ffff:1.2.3.4/96", "debug", "info", "none", "redirect", "64Mi", "0.5", "1e3", "9999Gi", "-1",
        "$(PATH)", "$$(A)", "a b", "\n", "'\"", "{}", "../x", "x;y", "`id`", "#", "web", "é", "\uD83D\uDE00", " ", "128Mi ", "on",
    ];

    private readonly Random _random = new(seed);

    public JsonObject Make()
    {
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod" };
        if (Chance(0.9))
        {
            pod["metadata"] = Chance(0.05) ? null : Metadata();
        }

        pod["spec"] = Spec();
        return pod;
    }

    private JsonObject Metadata()
    {
        var metadata = new JsonObject { ["name"] = "web" };
        Maybe(metadata, "labels", () => new JsonObject { ["app"] = Value(), [Chance(0.2) ? Annotations.Inject : "x"] = Pick("enabled", "disabled", "yes") }, 0.3);
        Maybe(metadata, "annotations", () =>
        {
            var annotations = new JsonObject();
            for (var count = _random.Next(4); count > 0; count--)
            {
                annotations[Pick(Annotations.SkipOutboundPorts, Annotations.SkipInboundPorts, Annotations.SkipOutboundCidrs, Annotations.OpaquePorts, Annotations.Config, Annotations.LogLevel, Annotations.CpuRequest, Annotations.MemoryRequest, Annotations.MemoryLimit, Annotations.Interception, "a~/~1b", "team", "prometheus.io/scrape")] = Value();
            }

            return annotations;
        }, 0.6);
        return metadata;
    }

    private JsonObject Spec()
    {
        var names = new Queue<string>(["web", "side-car", "x", "a1", "logs", "cache"]);
        var spec = new JsonObject();
        Maybe(spec, "initContainers", () => Array(_random.Next(3), () => Container(names.Dequeue(), isInit: true)), 0.4);
        spec["containers"] = Array(1 + _random.Next(2), () => Container(names.Dequeue(), isInit: false));
        Maybe(spec, "volumes", () => Array(_random.Next(3), () => new JsonObject { ["name"] = Pick("data", "tmp", "conf"), ["emptyDir"] = new JsonObject() }), 0.5);
        Maybe(spec, "terminationGracePeriodSeconds", () => JsonValue.Create(_random.Next(0, 4000)), 0.3);
        Maybe(spec, "securityContext", () => new JsonObject { ["runAsUser"] = _random.Next(6100, 6104), ["runAsGroup"] = _random.Next(6100, 6104), ["runAsNonRoot"] = true }, 0.2);
        Maybe(spec, "shareProcessNamespace", () => JsonValue.Create(Chance(0.5)), 0.2);
        Maybe(spec, "hostNetwork", () => JsonValue.Create(Chance(0.5)), 0.1);
        return spec;
    }

    private JsonObject Container(string name, bool isInit)
    {
        var container = new JsonObject { ["name"] = name, ["image"] = Value() };
        Maybe(container, "restartPolicy", () => "Always", isInit ? 0.3 : 0);
        Maybe(container, "ports", () => Array(_random.Next(3), () => new JsonObject { ["name"] = Pick("http", "grpc"), ["containerPort"] = _random.Next(1, 70000) }), 0.5);
        foreach (var probe in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            Maybe(container, probe, Probe, 0.4);
        }

        Maybe(container, "lifecycle", () => new JsonObject { [Pick("postStart", "preStop")] = Probe() }, 0.3);
        Maybe(container, "resources", () => new JsonObject { ["limits"] = new JsonObject { ["cpu"] = Pick("1", "x"), ["memory"] = "1Gi" } }, 0.4);
        Maybe(container, "env", () => Array(_random.Next(2), () => new JsonObject { ["name"] = "A", ["value"] = Value() }), 0.3);
        return container;
    }

    private JsonObject Probe()
    {
        var probe = new JsonObject();
        Maybe(probe, "periodSeconds", () => JsonValue.Create(_random.Next(1, 10)), 0.5);
        JsonNode port = Chance(0.5) ? _random.Next(0, 70000) : Pick("http", "grpc", "8080", "no", "$(P)");
        switch (_random.Next(5))
        {
            case 0:
                probe["httpGet"] = new JsonObject { ["path"] = Value(), ["port"] = port, ["httpHeaders"] = Array(_random.Next(2), () => new JsonObject { ["name"] = "X", ["value"] = Value() }) };
                break;
            case 1:
                probe["tcpSocket"] = new JsonObject { ["port"] = port };
                break;
            case 2:
                probe["grpc"] = new JsonObject { ["port"] = port, ["service"] = Value() };
                break;
            case 3:
                probe["exec"] = new JsonObject { ["command"] = new JsonArray(Value()) };
                break;
            default:
                probe["httpGet"] = new JsonObject { ["host"] = Pick("", "db"), ["port"] = port };
                break;
        }

        Maybe(probe, "timeoutSeconds", () => JsonValue.Create(_random.Next(1, 10)), 0.5);
        return probe;
    }

    private void Maybe(JsonObject parent, string key, Func<JsonNode?> value, double probability)
    {
        if (Chance(probability))
        {
            parent[key] = Chance(0.06) ? null : Chance(0.02) ? Value() : value();
        }
    }

    private JsonArray Array(int count, Func<JsonNode?> item)
    {
        var items = new JsonArray();
        for (; count > 0; count--)
        {
            items.Add(item());
        }

        return items;
    }

    private string Value() => Values[_random.Next(Values.Length)];

    private string Pick(params string[] values) => values[_random.Next(values.Length)];

    private bool Chance(double probability) => _random.NextDouble() < probability;
}

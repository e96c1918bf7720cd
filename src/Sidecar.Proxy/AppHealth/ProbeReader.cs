using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;

namespace Sidecar.Proxy.AppHealth;

/// <summary>
/// <see cref="EnvironmentVariables.ApplicationProbes"/> to probes: a closed shape, bounded, every mistake at once. The injector
/// writes it, so a mistake is a defect that must be seen at the start and not in a probe that never succeeds.
/// </summary>
public sealed class ProbeReader
{
    /// <summary>Most probes of a pod: five per container, and more containers than any pod has.</summary>
    public const int MaxProbes = 512;

    /// <summary>Largest text; the kernel takes no variable larger than this either (MAX_ARG_STRLEN).</summary>
    public const int MaxBytes = 128 * 1024;

    private const int MaxNameLength = 63;
    private const int MaxTimeoutSeconds = 24 * 60 * 60;
    private const string TimeoutKey = "timeoutSeconds";

    private static readonly string[] Probes = [ApplicationProbes.Liveness, ApplicationProbes.Readiness, ApplicationProbes.Startup];
    private static readonly string[] Hooks = [ApplicationProbes.PostStart, ApplicationProbes.PreStop];
    private static readonly string[] Targets = ["httpGet", "tcpSocket", "grpc"];

    // When and how often to ask is the kubelet's business; these may be there and say nothing to us.
    private static readonly string[] Schedule =
        ["initialDelaySeconds", "periodSeconds", "successThreshold", "failureThreshold", "terminationGracePeriodSeconds"];

    private readonly List<ConfigurationProblem> _problems = [];

    private ProbeReader()
    {
    }

    /// <summary>Reads the variable; null or empty is no probe.</summary>
    public static (ImmutableArray<ApplicationProbe> Probes, IReadOnlyList<ConfigurationProblem> Problems) Read(string? text)
    {
        var reader = new ProbeReader();
        var probes = string.IsNullOrEmpty(text) ? [] : reader.ReadText(text);
        return (reader._problems.Count == 0 ? probes : [], reader._problems);
    }

    private ImmutableArray<ApplicationProbe> ReadText(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes)
        {
            return Refuse("", $"is longer than {MaxBytes} bytes");
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            return ReadDocument(document.RootElement);
        }
        catch (JsonException e)
        {
            return Refuse("", $"is not JSON: {e.Message}");
        }
    }

    private ImmutableArray<ApplicationProbe> ReadDocument(JsonElement root)
    {
        var all = new ProbeObject("", root, Problem);
        if (!all.IsObject)
        {
            return [];
        }

        if (all.Names.Count > MaxProbes)
        {
            return Refuse("", $"has {all.Names.Count} probes; at most {MaxProbes} are read");
        }

        return [.. all.Names.Select(name => ReadProbe(name, all)).OfType<ApplicationProbe>()];
    }

    private ApplicationProbe? ReadProbe(string name, ProbeObject all)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var kind = name[(slash + 1)..];
        var isHook = Hooks.Contains(kind);
        if (slash < 0 || !IsContainerName(name[..slash]) || (!isHook && !Probes.Contains(kind)))
        {
            Refuse(name, $"is not container/probe, with probe one of {string.Join(", ", [.. Probes, .. Hooks])}");
            return null;
        }

        var probe = all.Object(name);
        var targets = Targets.Where(probe.Has).ToArray();
        if (!probe.IsObject || targets.Length != 1 || (isHook && targets[0] != Targets[0]))
        {
            Refuse(name, isHook ? "needs httpGet and nothing else" : $"needs exactly one of {string.Join(", ", Targets)}");
            return null;
        }

        var target = ReadTarget(targets[0], probe.Object(targets[0]));
        if (isHook)
        {
            probe.AllowOnly(targets);
            return new ApplicationProbe(name, isHook, Timeout: null, target);
        }

        probe.AllowOnly([targets[0], TimeoutKey, .. Schedule]);
        foreach (var key in Schedule)
        {
            probe.Number(key, 0, int.MaxValue, 0);
        }

        // 0 is "not written" to the API server, which makes it 1; a day is as good as for ever, and a timer's bound.
        var seconds = Math.Clamp(probe.Number(TimeoutKey, 0, int.MaxValue, 0), 1, MaxTimeoutSeconds);
        return new ApplicationProbe(name, isHook, TimeSpan.FromSeconds(seconds), target);
    }

    private static ProbeTarget ReadTarget(string kind, ProbeObject target)
    {
        var port = target.Number("port", 1, 65535);
        switch (kind)
        {
            case "httpGet":
                target.AllowOnly(["port", "host", "path", "scheme", "httpHeaders"]);
                return HttpGetReader.Read(target, port);
            case "tcpSocket":
                target.AllowOnly(["port", "host"]);
                return new TcpSocketTarget(HttpGetReader.ReadHost(target), port);
            default:
                target.AllowOnly(["port", "service"]);
                return new GrpcTarget(port, target.Text("service", maxLength: 1024) ?? "");
        }
    }

    private ImmutableArray<ApplicationProbe> Refuse(string path, string message)
    {
        Problem(path, message);
        return [];
    }

    private void Problem(string path, string message)
    {
        if (_problems.Count < ConfigurationLoader.MaxProblems)
        {
            _problems.Add(new ConfigurationProblem(new SourceLocation(EnvironmentVariables.ApplicationProbes, 0, path.Length == 0 ? "(value)" : path), message));
        }
    }

    // DNS-1123 label, as Kubernetes demands of a container's name.
    private static bool IsContainerName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && name[0] != '-' && name[^1] != '-';
}

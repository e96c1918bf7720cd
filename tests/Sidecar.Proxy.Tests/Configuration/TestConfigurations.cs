using System.Net;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Tests.Configuration;

/// <summary>Results as the loader gives them, without a loader.</summary>
internal static class TestConfigurations
{
    public static SidecarConfiguration Empty { get; } = new(
        new ListenersConfiguration(null, IPEndPoint.Parse("127.0.0.1:15100"), null),
        new LimitsConfiguration(null, null, 1, TimeSpan.FromSeconds(10), 1, 1, null, null, TimeSpan.FromMinutes(10), 100),
        new TelemetryConfiguration(LogSeverity.Info, 0, new AccessLogConfiguration(0, null, 1, [], [])),
        new ShutdownConfiguration(TimeSpan.FromSeconds(30), null),
        [],
        []);

    public static ConfigurationResult Accepted(string document = "{}", params string[] warnings) =>
        new(Empty, [], [.. warnings.Select(Problem)], document);

    public static ConfigurationResult Refused(params string[] errors) => new(null, [.. errors.Select(Problem)], [], null);

    public static ConfigurationProblem Problem(string message) => new(new SourceLocation("sidecar.yaml", 3, "routes.a"), message);
}

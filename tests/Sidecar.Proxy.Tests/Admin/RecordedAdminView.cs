using System.Buffers;
using System.Text;
using Sidecar.Configuration.Effective;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;

namespace Sidecar.Proxy.Tests.Admin;

/// <summary>A view whose every value a test sets, and which remembers what was done.</summary>
internal sealed class RecordedAdminView : IAdminView
{
    public HealthView Health { get; set; } = new(LifeState.Ready, [], [], []);

    public ConfigurationStore? Configuration { get; set; }

    public IReadOnlyList<RouteConfiguration> Routes { get; set; } = [];

    public IReadOnlyList<BreakerView> Breakers { get; set; } = [];

    public IReadOnlyList<UnmatchedHost> Unmatched { get; set; } = [];

    public IReadOnlyList<ServerFirstPort> ServerFirst { get; set; } = [];

    public StatsView Stats { get; set; }

    public LogSeverity LogLevel { get; private set; } = LogSeverity.Info;

    public int Drains { get; private set; }

    public List<AdminAction> Audited { get; } = [];

    public void WriteMetrics(IBufferWriter<byte> output) => output.Write(Encoding.UTF8.GetBytes("sidecar_up 1\n"));

    public int Quits { get; private set; }

    public void Drain() => Drains++;

    public void Quit() => Quits++;

    public void SetLogLevel(LogSeverity level) => LogLevel = level;

    public void Audit(in AdminAction action) => Audited.Add(action);
}

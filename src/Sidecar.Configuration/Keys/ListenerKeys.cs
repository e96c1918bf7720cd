using System.Net;
using Sidecar.Configuration.Documents;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;

namespace Sidecar.Configuration.Keys;

/// <summary>One listener: an object, so that it can grow keys.</summary>
internal static class ListenerAddressKeys
{
    /// <summary>Where it listens.</summary>
    public static readonly ConfigurationKey<IPEndPoint> Address = new(
        "address", AddressShapes.ListenAddress, isRequired: true, "IP address and port; port 0 lets the system choose one.");

    /// <summary>A listener.</summary>
    public static readonly ObjectShape<IPEndPoint> Shape = new(
        "a listener", [Address], view => view.Get(Address), (builder, address) => builder.Set(Address, address)) { Definition = "listener" };
}

/// <summary>The admin listener: only loopback, since it has controls and no authentication.</summary>
internal static class AdminListenerKeys
{
    /// <summary>Where it listens.</summary>
    public static readonly ConfigurationKey<IPEndPoint> Address = new(
        "address", AddressShapes.LoopbackListenAddress, isRequired: true, "Loopback address and port; port 0 lets the system choose one.");

    /// <summary>A listener.</summary>
    public static readonly ObjectShape<IPEndPoint> Shape = new(
        "a listener", [Address], view => view.Get(Address), (builder, address) => builder.Set(Address, address)) { Definition = "adminListener" };
}

/// <summary>
/// The listeners of intercepted traffic: a port only, since redirected connections keep their address and may come in IPv4 and
/// IPv6. A dual-stack wildcard takes both.
/// </summary>
internal static class InterceptionListenerKeys
{
    private const string PortDoc = "Port that intercepted connections are redirected to; port 0 lets the system choose one.";

    /// <summary>Where outbound traffic is redirected to.</summary>
    public static readonly ConfigurationKey<int> OutboundPort = new("port", Shapes.ListenPort, Ports.Outbound, PortDoc);

    /// <summary>Where inbound traffic is redirected to.</summary>
    public static readonly ConfigurationKey<int> InboundPort = new("port", Shapes.ListenPort, Ports.Inbound, PortDoc);

    /// <summary>The outbound listener.</summary>
    public static readonly ObjectShape<IPEndPoint> Outbound = Listener(OutboundPort, "outboundListener");

    /// <summary>The inbound listener.</summary>
    public static readonly ObjectShape<IPEndPoint> Inbound = Listener(InboundPort, "inboundListener");

    private static ObjectShape<IPEndPoint> Listener(ConfigurationKey<int> port, string definition) => new(
        "a listener", [port], view => new IPEndPoint(IPAddress.IPv6Any, view.Get(port)), (builder, address) => builder.Set(port, address.Port))
    {
        Definition = definition,
    };
}

/// <summary><c>listeners</c>.</summary>
internal static class ListenerKeys
{
    private static readonly OffOrObjectShape<IPEndPoint> Listener = new(ListenerAddressKeys.Shape);

    /// <summary>Explicit reverse proxy.</summary>
    public static readonly ConfigurationKey<IPEndPoint?> Reverse = new(
        "reverse", Listener, ConfigurationDefaults.Listeners.Reverse, "The explicit reverse proxy, for use without interception; HTTP/1.1 and h2c on one port.");

    /// <summary>Intercepted, from the application.</summary>
    public static readonly ConfigurationKey<IPEndPoint?> Outbound = new(
        "outbound",
        new OffOrObjectShape<IPEndPoint>(InterceptionListenerKeys.Outbound),
        ConfigurationDefaults.Listeners.Outbound,
        "Intercepted traffic that leaves the application; closed unless written, or opened by run --pod. {} is its default port.");

    /// <summary>Intercepted, to the application.</summary>
    public static readonly ConfigurationKey<IPEndPoint?> Inbound = new(
        "inbound",
        new OffOrObjectShape<IPEndPoint>(InterceptionListenerKeys.Inbound),
        ConfigurationDefaults.Listeners.Inbound,
        "Intercepted traffic that reaches the application; closed unless written, or opened by run --pod. {} is its default port.");

    /// <summary>Controls.</summary>
    public static readonly ConfigurationKey<IPEndPoint?> Admin = new(
        "admin", new OffOrObjectShape<IPEndPoint>(AdminListenerKeys.Shape), ConfigurationDefaults.Listeners.Admin, $"Controls and views; loopback only. Open at {ConfigurationDefaults.Listeners.Admin} unless off.");

    /// <summary>Metrics and probes.</summary>
    public static readonly ConfigurationKey<IPEndPoint?> Metrics = new(
        "metrics", Listener, ConfigurationDefaults.Listeners.Metrics, $"Only GET /metrics, /livez, /readyz and /app-health/…. Open at {ConfigurationDefaults.Listeners.Metrics} unless off.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<ListenersConfiguration> Shape = new(
        "the listeners",
        [Reverse, Outbound, Inbound, Admin, Metrics],
        view => new ListenersConfiguration(view.Get(Reverse), view.Get(Admin), view.Get(Metrics)) { Outbound = view.Get(Outbound), Inbound = view.Get(Inbound) },
        (builder, listeners) => builder
            .Set(Reverse, listeners.Reverse)
            .Set(Outbound, listeners.Outbound)
            .Set(Inbound, listeners.Inbound)
            .Set(Admin, listeners.Admin)
            .Set(Metrics, listeners.Metrics))
    {
        Rules = CheckAddresses,
    };

    private static void CheckAddresses(ObjectView view, ListenersConfiguration listeners, ProblemList problems)
    {
        (ConfigurationKey Key, IPEndPoint? Address)[] all =
        [
            (Reverse, listeners.Reverse), (Outbound, listeners.Outbound), (Inbound, listeners.Inbound), (Admin, listeners.Admin), (Metrics, listeners.Metrics),
        ];
        for (var i = 0; i < all.Length; i++)
        {
            for (var j = i + 1; j < all.Length; j++)
            {
                if (all[i].Address is { } first && all[j].Address is { } second && Collide(first, second))
                {
                    problems.Error(
                        view.Node.Find(all[j].Key.Name) ?? view.Node.Find(all[i].Key.Name) ?? view.Node,
                        $"listeners {all[i].Key.Name} ({first}) and {all[j].Key.Name} ({second}) cannot both be opened: give one another port");
                }
            }
        }
    }

    /// <summary>Same port, and same address or one of them a wildcard that contains the other ([::] takes IPv4 too).</summary>
    private static bool Collide(IPEndPoint left, IPEndPoint right) =>
        left.Port == right.Port && left.Port != 0
        && (left.Address.Equals(right.Address)
            || left.Address.Equals(IPAddress.IPv6Any) || right.Address.Equals(IPAddress.IPv6Any)
            || (left.AddressFamily == right.AddressFamily && (left.Address.Equals(IPAddress.Any) || right.Address.Equals(IPAddress.Any))));
}

using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Tests;

/// <summary>
/// Any valid effective configuration: every key takes values over its whole range, within the combinations that are legal.
/// FsCheck draws a seed; one seed is one configuration, so a failure is repeated by its seed.
/// </summary>
internal sealed class ConfigurationGenerator(int seed)
{
    private static readonly string[] Words = ["a", "b-1", "c.d", "E_f", "on", "1", "010", "1e3", "off", "null", "x"];
    private readonly Random _random = new(seed);

    public static Arbitrary<int> Seeds { get; } = Gen.Choose(0, int.MaxValue).ToArbitrary();

    public static SidecarConfiguration Generate(int seed) => new ConfigurationGenerator(seed).Configuration();

    private SidecarConfiguration Configuration()
    {
        var clusters = Ids().Select(Cluster).ToImmutableArray();
        var defaultPolicy = Policy(isRequestWritten: false, request: null);
        var routes = clusters.IsEmpty ? [] : Ids().Select((id, order) => Route(id, order, clusters, defaultPolicy)).ToImmutableArray();
        return new SidecarConfiguration(
            new ListenersConfiguration(
                Maybe(() => new IPEndPoint(Pick(IPAddress.Loopback, IPAddress.Any, IPAddress.IPv6Any, IPAddress.Parse("2001:db8::1")), _random.Next(1, 15000))),
                Maybe(() => new IPEndPoint(Pick(IPAddress.Loopback, IPAddress.IPv6Loopback), 15100)),
                Maybe(() => new IPEndPoint(Pick(IPAddress.Any, IPAddress.IPv6Any), 15120)))
            {
                Outbound = Maybe(() => new IPEndPoint(IPAddress.IPv6Any, Pick(0, 15101, _random.Next(20000, 30000)))),
                Inbound = Maybe(() => new IPEndPoint(IPAddress.IPv6Any, Pick(0, 15106, _random.Next(30000, 65536)))),
            },
            new LimitsConfiguration(
                MaybeInt(1, 1_000_000), MaybeInt(1, 1_000_000), Size(64L << 30), Duration(), (int)(1024 + Size((16 << 20) - 1024)), _random.Next(1, 10_001),
                MaybeValue(() => Size(1L << 40)), MaybeValue(() => 1 + Size((1 << 30) - 1)), Duration(), _random.Next(1, 10_001)),
            new TelemetryConfiguration(
                Pick(LogSeverity.Debug, LogSeverity.Info, LogSeverity.Warn, LogSeverity.Error),
                Ratio(),
                new AccessLogConfiguration(Ratio(), MaybeDuration(), _random.Next(0, 1_000_001), HeaderNames(), HeaderNames())),
            Shutdown(),
            routes,
            clusters)
        {
            DefaultPolicy = defaultPolicy,
            Interception = new InterceptionConfiguration(TimeSpan.FromMilliseconds(_random.Next(1, 10_001), 0), PortList(), PortList()),
        };
    }

    private ShutdownConfiguration Shutdown()
    {
        var (shorter, longer) = Ordered();
        return new ShutdownConfiguration(longer, MaybeValue(() => shorter));
    }

    private RouteConfiguration Route(string id, int order, ImmutableArray<ClusterConfiguration> clusters, RoutePolicy defaultPolicy)
    {
        var direction = Pick(Direction.Reverse, Direction.Outbound, Direction.Inbound);
        var match = direction == Direction.Reverse || Coin() ? Match(direction) : TcpMatch();
        var loopback = clusters.Where(cluster => cluster.Dns is null && cluster.Destinations.All(destination => destination.Address.Host == "[::1]")).ToArray();
        var clear = clusters.Where(cluster => cluster.Dns is not { Scheme: "https" } && cluster.Destinations.All(destination => destination.Address.Scheme == "http")).ToArray();
        var usable = (direction == Direction.Inbound, match.IsTcp) switch
        {
            (false, false) => clusters.AsSpan(),
            (true, false) => loopback,
            (false, true) => clear,
            _ => loopback.Intersect(clear).ToArray(),
        };
        return new RouteConfiguration(
            id,
            order - 5,
            match,
            direction != Direction.Reverse && (usable.IsEmpty || Coin()) ? RouteConfiguration.OriginalClusterId : Pick(usable).Id,
            match.IsTcp ? TcpPolicy() : RoutePolicy(direction, defaultPolicy),
            match.IsTcp ? [] : [.. Enumerable.Range(0, _random.Next(3)).Select(_ => ImmutableDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase).Add("Set", Text()).Add(Pick(Words) + "K", Text()))],
            new SourceLocation("", 0, ""))
        {
            Direction = direction,
        };
    }

    /// <summary>Server names with or without a port, or a port alone.</summary>
    private MatchConfiguration TcpMatch()
    {
        var sni = Some("a.example.com", "*.x.y", "on", "my_host");
        return new MatchConfiguration(null, [], null, [], [], sni.IsEmpty ? _random.Next(1, 65536) : MaybeInt(1, 65535)) { Sni = sni, IsTcp = true };
    }

    private MatchConfiguration Match(Direction direction)
    {
        var service = Maybe(() => Pick("orders.shop", "a-1.b"));
        var path = Maybe(() => Pick("/", "/{**rest}", "/a/{id:int}", "/On/v{x}.{y}", "/{id:regex(^\\d{{3}}$)}", "/ü"));
        var methods = Some("GET", "POST", "M-SEARCH", "ON");
        var isIntercepted = direction != Direction.Reverse;
        return new MatchConfiguration(
            service,
            service is null ? Some("a.example.com", "*.x.y", "10.0.0.1", "my_host.", "on") : ServiceHosts.Expand(service, null, ConfigurationDefaults.ClusterDomain),
            path,
            methods,
            [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Header())],
            isIntercepted && service is null && path is null && methods.IsEmpty ? null : MaybeInt(1, 65535));
    }

    private HeaderMatchConfiguration Header()
    {
        var mode = Pick("exactHeader", "headerPrefix", "contains", "notContains", "exists", "notExists");
        return new HeaderMatchConfiguration(
            Pick("x-a", "Accept", "5", "on"), mode is "exists" or "notExists" ? [] : [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(_ => Text()).Distinct()], mode, Coin());
    }

    /// <summary>What is not written comes from the default policy; inbound there is no request timeout to come.</summary>
    private RoutePolicy RoutePolicy(Direction direction, RoutePolicy defaultPolicy)
    {
        var isRequestWritten = Coin();
        var policy = Policy(isRequestWritten, defaultPolicy.Timeouts.Request);
        return direction == Direction.Inbound && !isRequestWritten ? policy with { Timeouts = policy.Timeouts with { Request = null } } : policy;
    }

    private RoutePolicy TcpPolicy() => new(ConfigurationDefaults.NoTimeouts with { Connect = MaybeDuration() }, null, Maybe(Breaker));

    private RoutePolicy Policy(bool isRequestWritten, TimeSpan? request)
    {
        var written = isRequestWritten || request is null ? MaybeDuration() : request;
        request = isRequestWritten ? written : request ?? ConfigurationDefaults.Timeouts.Request;
        var perTry = MaybeDuration();
        return new RoutePolicy(
            new TimeoutPolicy(request, isRequestWritten, perTry > request ? request : perTry, MaybeDuration(), MaybeDuration(), MaybeDuration(), MaybeDuration()),
            Maybe(Retry),
            Maybe(Breaker));
    }

    private RetryPolicy Retry()
    {
        var (backoffBase, backoffMax) = Ordered();
        var statuses = Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(400, 600)).Distinct().Order().ToImmutableArray();
        var conditions = (RetryConditions)_random.Next(statuses.IsEmpty ? 1 : 0, 1 << 14);
        return new RetryPolicy(
            _random.Next(0, 11),
            conditions,
            new EquatableArray<int>(statuses),
            Coin() ? new RetryMethods(RetryMethodsKind.List, new EquatableArray<string>(["GET", "ON"])) : new RetryMethods(Pick(RetryMethodsKind.Safe, RetryMethodsKind.Idempotent, RetryMethodsKind.All), default),
            new BackoffPolicy(Coin() ? TimeSpan.Zero : backoffBase, backoffMax),
            Coin() ? TimeSpan.Zero : Duration(),
            (int)Size(1 << 30));
    }

    private CircuitBreakerPolicy Breaker()
    {
        var (openBase, openMax) = Ordered();
        return new CircuitBreakerPolicy(
            Pick(BreakerScope.Destination, BreakerScope.Route), _random.Next(1, 1_000_001), MaybeValue(Ratio), _random.Next(1, 1_000_001), Duration(), MaybeDuration(),
            Ratio(), openBase, openMax, Ratio(), _random.Next(1, 1001), MaybeDuration(), Ratio(), Pick(WhenAllOpen.Fail, WhenAllOpen.TryAnyway), (BreakerFailures)_random.Next(1, 1 << 9));
    }

    private ClusterConfiguration Cluster(string id)
    {
        var scheme = Pick("http", "https");
        var isDns = Coin();
        var (timeout, interval) = Ordered();
        return new ClusterConfiguration(
            id,
            isDns ? [] : [.. NonEmptyIds().Select(destination => new DestinationConfiguration(destination, new Uri($"{scheme}://{Pick("x", "[::1]", "10.0.0.7")}:{_random.Next(1, 65536)}{Pick("", "/", "/p%20q/")}"), _random.Next(1, 1001)))],
            isDns ? new DnsConfiguration(Pick("a.b", "x", "orders.shop.svc."), _random.Next(1, 65536), TimeSpan.FromMilliseconds(_random.Next(100, 86_400_001), 0), scheme) : null,
            (LoadBalancingKind)_random.Next(6),
            (UpstreamProtocol)_random.Next(3),
            new RetryBudgetPolicy(Ratio(), Ratio() * 1000, Duration()),
            new ConnectionsConfiguration(_random.Next(1, 1_000_001), Duration(), Duration()),
            Maybe(() => new ActiveHealthCheckConfiguration("/h?x=%2F", interval, timeout, _random.Next(1, 101))),
            scheme == "https" ? Maybe(() => Coin() ? new TlsConfiguration("/ca \"1\".pem", null, "/c", "/k") : new TlsConfiguration(null, "x.y", null, null)) : null,
            new SourceLocation("", 0, ""));
    }

    private string[] Ids() => [.. Words.Where(_ => Coin()).Order(StringComparer.Ordinal)];

    private string[] NonEmptyIds() => Ids() is { Length: > 0 } ids ? ids : ["z"];

    private ImmutableArray<int> PortList() => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(1, 65536)).Distinct()];

    private ImmutableArray<string> HeaderNames() => Some("accept", "x-1", "on", "5");

    private ImmutableArray<string> Some(params string[] all) => [.. all.Where(_ => Coin())];

    /// <summary>Text that YAML gives trouble with.</summary>
    private string Text() => Pick("on", "off", "~", "null", "1:30", "010", "a: b", "a #b", "- x", "'q'", "\"d\"", "\\", "{x}", "[", "ü€😀", " lead", "trail ", "%", "@", "`", "!t", "&a", "*a", "|", ">", "?", "...", "---", "=") + Pick("", "", "x");

    private double Ratio() => Pick(0, 1, 0.5, _random.NextDouble(), _random.NextDouble() * 1e-9);

    private long Size(long max) => Coin() ? _random.NextInt64(max + 1) : _random.NextInt64((max / 1024) + 1) * 1024;

    private TimeSpan Duration() => TimeSpan.FromMilliseconds(Coin() ? _random.Next(1, 86_400_001) : 1000L * _random.Next(1, 86_401), 0);

    private (TimeSpan Shorter, TimeSpan Longer) Ordered()
    {
        var (a, b) = (Duration(), Duration());
        return a < b ? (a, b) : (b, a);
    }

    private TimeSpan? MaybeDuration() => MaybeValue(Duration);

    private int? MaybeInt(int min, int max) => MaybeValue(() => _random.Next(min, max + 1));

    private T? MaybeValue<T>(Func<T> value)
        where T : struct => Coin() ? value() : null;

    private T? Maybe<T>(Func<T> value)
        where T : class => Coin() ? value() : null;

    private T Pick<T>(params ReadOnlySpan<T> values) => values[_random.Next(values.Length)];

    private bool Coin() => _random.Next(2) == 0;
}

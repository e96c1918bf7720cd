using Sidecar.Configuration.Effective;

namespace Sidecar.Configuration.Keys;

/// <summary><c>clusters.&lt;id&gt;.destinations.&lt;id&gt;</c>.</summary>
internal static class DestinationKeys
{
    /// <summary>Address.</summary>
    public static readonly ConfigurationKey<Uri> Address = new(
        "address", AddressShapes.Destination, isRequired: true, "http:// or https:// address; its path is put in front of the target.");

    /// <summary>Weight.</summary>
    public static readonly ConfigurationKey<int> Weight = new(
        "weight", new IntegerShape(1, 1000), ConfigurationDefaults.DestinationWeight, "Share relative to the others.");

    /// <summary>A destination.</summary>
    public static readonly ObjectShape<DestinationConfiguration> Shape = new(
        "a destination",
        [Address, Weight],
        view => new DestinationConfiguration(view.Id, view.Get(Address), view.Get(Weight)),
        (builder, destination) => builder.Set(Address, destination.Address).Set(Weight, destination.Weight));
}

/// <summary><c>clusters.&lt;id&gt;.dns</c>.</summary>
internal static class DnsKeys
{
    // A refresh is a query per cluster and pod; more often than this only loads the cluster's DNS.
    private static readonly TimeSpan ShortestRefresh = TimeSpan.FromMilliseconds(100);

    /// <summary>Name.</summary>
    public static readonly ConfigurationKey<string> Name = new(
        "name", AddressShapes.HostName, isRequired: true, "Name to resolve: every A and AAAA record is a destination.");

    /// <summary>Port.</summary>
    public static readonly ConfigurationKey<int> Port = new("port", Shapes.Port, isRequired: true, "Port of every destination.");

    /// <summary>Refresh.</summary>
    public static readonly ConfigurationKey<TimeSpan> Refresh = new(
        "refresh", new DurationShape(ShortestRefresh), ConfigurationDefaults.DnsRefresh, "Time between resolutions.");

    /// <summary>Scheme.</summary>
    public static readonly ConfigurationKey<string> Scheme = new(
        "scheme", new TokenShape<string>(("http", "http"), ("https", "https")), ConfigurationDefaults.DnsScheme, "https turns TLS on.");

    /// <summary>The section.</summary>
    public static readonly ObjectShape<DnsConfiguration> Shape = new(
        "a dns section",
        [Name, Port, Refresh, Scheme],
        view => new DnsConfiguration(view.Get(Name), view.Get(Port), view.Get(Refresh), view.Get(Scheme)),
        (builder, dns) => builder.Set(Name, dns.Name).Set(Port, dns.Port).Set(Refresh, dns.Refresh).Set(Scheme, dns.Scheme));
}

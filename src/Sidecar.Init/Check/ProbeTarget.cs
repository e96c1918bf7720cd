using System.Net;
using System.Net.Sockets;
using Sidecar.Init.Options;
using Sidecar.Init.Rules;

namespace Sidecar.Init.Check;

/// <summary>An address that the rules redirect and where nobody should answer.</summary>
public static class ProbeTarget
{
    // Addresses for documentation, never routed: RFC 5737 and RFC 3849.
    private static readonly IPAddress DocumentationV4 = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress DocumentationV6 = IPAddress.Parse("2001:db8::1");

    private static readonly int[] UsualPorts = [80, 443, 8080];

    /// <summary>The documentation address, or one of an included network when that is not redirected; null when the options redirect nothing of this family.</summary>
    public static IPEndPoint? Choose(RedirectOptions options, AddressFamily family)
    {
        var rules = RedirectRules.Of(options).Outbound;
        var documentation = family == AddressFamily.InterNetwork ? DocumentationV4 : DocumentationV6;
        var addresses = options.IncludeOutboundCidrs.OfFamily(family).Select(static network => network.BaseAddress).Prepend(documentation);
        var ports = UsualPorts.Concat(options.IncludeOutboundPorts.Ranges.SelectMany(static range => new[] { range.First, range.Last }))
            .Concat(options.SkipOutboundPorts.Ranges.Select(static range => range.Last + 1))
            .Where(static port => port is > 0 and <= IPEndPoint.MaxPort);
        var candidates =
            from address in addresses
            from port in ports
            where !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && RedirectRules.Decide(rules, new FirstPacket(address, port)) is not null
            select new IPEndPoint(address, port);
        return candidates.FirstOrDefault();
    }
}

using Sidecar.Configuration;
using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Configuration;

/// <summary>Reads documents into what they mean; reports every error at once and never throws for bad input.</summary>
/// <param name="sources">Texts in the order of precedence: later ones replace earlier entries.</param>
/// <param name="overrides">Every <c>--set</c>, in order.</param>
public delegate ConfigurationResult LoadConfiguration(
    IReadOnlyList<ConfigurationSource> sources,
    IReadOnlyList<ConfigurationOverride> overrides);

/// <summary>
/// Checks what only the proxy's own engine can tell of a valid document (Yarp's templates and transforms, routes
/// that collide); empty when it can run.
/// </summary>
public delegate IReadOnlyList<ConfigurationProblem> CheckConfiguration(SidecarConfiguration configuration);

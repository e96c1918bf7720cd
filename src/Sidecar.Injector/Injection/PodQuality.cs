using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Injection;

/// <summary>
/// Is the pod of the class Guaranteed? Then it must stay so: its threads may own whole CPUs, and being demoted to Burstable is
/// an outage that nobody connects with a sidecar.
/// </summary>
internal static class PodQuality
{
    private static readonly ImmutableArray<string> Resources = ["cpu", "memory"];

    /// <summary>Every container, init containers included, has limits of CPU and memory, and requests that equal them or are not written.</summary>
    public static bool IsGuaranteed(PodView pod) => pod.AllContainers.All(static container => IsGuaranteed(container.Root["resources"] as JsonObject));

    /// <summary>Has the pod a budget of its own? Its containers' requests must fit into it, so ours must not be added to theirs.</summary>
    public static bool IsBudgeted(PodView pod) => pod.Spec!["resources"] is JsonObject { Count: > 0 };

    private static bool IsGuaranteed(JsonObject? resources) =>
        Resources.All(resource =>
            Amount(resources?["limits"], resource) is > 0 and var limit && (Amount(resources?["requests"], resource) ?? limit) == limit);

    // "1" may be written as a number, and "1000m" is the same.
    private static decimal? Amount(JsonNode? amounts, string resource) => (amounts as JsonObject)?[resource] switch
    {
        JsonValue value when PodView.Text(value) is { } text => Quantity.TryParse(text)?.Amount ?? -1,
        JsonValue value when value.TryGetValue<long>(out var whole) => whole,
        JsonValue value when value.TryGetValue<double>(out var number) && Math.Abs(number) < 1e15 => (decimal)number,
        _ => null,
    };
}

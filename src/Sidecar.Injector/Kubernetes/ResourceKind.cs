using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>A collection of the API, and what of its objects is kept.</summary>
/// <typeparam name="T">Facts about one object; equal facts are no change.</typeparam>
/// <param name="Name">Plural, for messages: <c>namespaces</c>.</param>
/// <param name="Path">Of the collection: <c>/api/v1/namespaces</c>.</param>
/// <param name="Read">Facts of one object. Never throws: whatever an object holds, it is somebody else's.</param>
public sealed record ResourceKind<T>(string Name, string Path, Func<JsonElement, T> Read)
    where T : class;

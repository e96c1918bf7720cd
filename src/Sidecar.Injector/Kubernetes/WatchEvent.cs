using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>What a line of a watch says.</summary>
public enum WatchEventKind
{
    /// <summary>The object is there, new or changed.</summary>
    Present,

    /// <summary>The object is gone.</summary>
    Deleted,

    /// <summary>Nothing happened up to this resource version.</summary>
    Bookmark,
}

/// <summary>Reads lines of a watch.</summary>
internal static class WatchEvent
{
    /// <summary>Takes a line apart. The element is valid as long as its document.</summary>
    /// <returns>Null for a kind of event that is not known: a newer server may have one.</returns>
    /// <exception cref="ApiException">The line is no event, or says that the watch failed; 410: list again.</exception>
    public static (WatchEventKind Kind, JsonElement Object, string Version)? Read(JsonElement line, string what)
    {
        WatchEventKind kind;
        switch (line.Text("type"))
        {
            case "ADDED" or "MODIFIED":
                kind = WatchEventKind.Present;
                break;
            case "DELETED":
                kind = WatchEventKind.Deleted;
                break;
            case "BOOKMARK":
                kind = WatchEventKind.Bookmark;
                break;
            case "ERROR":
                var code = line.Member("object", "code") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var status) ? status : 0;
                throw new ApiException(code, $"{what}: the watch ended with {ApiException.OneLine(line.Member("object", "message").AsText() ?? "an error")}");
            case null:
                throw new ApiException(0, $"{what}: the watch sent something that is no event");
            default:
                return null;
        }

        if (line.Member("object") is not { } element || element.Member("metadata", "resourceVersion").AsText() is not { Length: > 0 } version)
        {
            throw new ApiException(0, $"{what}: the watch sent an event without an object");
        }

        return (kind, element, version);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sidecar.Injector.Tests.Injection;

/// <summary>
/// RFC 6902 as it is written, from the patch's bytes, independent of what made them: a path that does not exist, an index behind the
/// end or an unknown operation is an error, as it is for the API server.
/// </summary>
internal static class Rfc6902
{
    public static JsonNode Apply(JsonNode document, ReadOnlySpan<byte> patch)
    {
        // The root in a box, so that "" is a member like any other.
        var box = new JsonObject { ["root"] = document.DeepClone() };
        foreach (var operation in JsonNode.Parse(patch)!.AsArray())
        {
            Apply(box, operation!.AsObject());
        }

        var root = box["root"]!;
        box.Remove("root");
        return root;
    }

    private static void Apply(JsonObject box, JsonObject operation)
    {
        var path = operation["path"]!.GetValue<string>();
        Assert.True(path.Length == 0 || path[0] == '/', path);
        string[] tokens = ["root", .. path.Split('/').Skip(1).Select(Unescape)];
        JsonNode parent = box;
        foreach (var token in tokens[..^1])
        {
            parent = parent switch
            {
                JsonObject members => members[token] ?? throw new InvalidOperationException($"{path}: nothing at {token}"),
                JsonArray items => items[Index(token, items.Count - 1)] ?? throw new InvalidOperationException($"{path}: null at {token}"),
                _ => throw new InvalidOperationException($"{path}: {token} is in no container"),
            };
        }

        var (op, last) = (operation["op"]!.GetValue<string>(), tokens[^1]);
        var value = op == "remove" ? null : operation.ContainsKey("value") ? operation["value"]?.DeepClone() : throw new InvalidOperationException("no value");
        switch (op, parent)
        {
            case ("add", JsonObject members):
                members[last] = value;
                break;
            case ("replace", JsonObject members) when members.ContainsKey(last):
                members[last] = value;
                break;
            case ("remove", JsonObject members) when members.ContainsKey(last):
                members.Remove(last);
                break;
            case ("add", JsonArray items):
                items.Insert(last == "-" ? items.Count : Index(last, items.Count), value);
                break;
            case ("replace", JsonArray items):
                items[Index(last, items.Count - 1)] = value;
                break;
            case ("remove", JsonArray items):
                items.RemoveAt(Index(last, items.Count - 1));
                break;
            default:
                throw new InvalidOperationException($"{op} {path}: not possible");
        }
    }

    private static int Index(string token, int highest)
    {
        var index = int.Parse(token);
        return token == index.ToString() && index >= 0 && index <= highest ? index : throw new InvalidOperationException($"index {token} of {highest}");
    }

    private static string Unescape(string token)
    {
        Assert.DoesNotMatch("~(?![01])", token);
        return token.Replace("~1", "/").Replace("~0", "~");
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Injector.Certificates;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Tests.Kubernetes;

/// <summary>
/// An API server as far as the injector uses one, over TLS: objects with resource versions, pages, watches, conflicts,
/// JSON Patch. What it answers can be taken over by <see cref="Intercept"/>.
/// </summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(string Collection, Channel<string> Lines)> _watches = [];
    private readonly TemporaryFile _authority;
    private long _version = 100;

    private FakeApiServer(WebApplication app, TemporaryFile authority, TemporaryFile token) =>
        (_app, _authority, TokenFile) = (app, authority, token);

    /// <summary>Bearer token file of <see cref="Endpoint"/>.</summary>
    public TemporaryFile TokenFile { get; }

    /// <summary>What <c>/version</c> says.</summary>
    public string GitVersion { get; set; } = "v1.28.4";

    /// <summary>Method and path with query of every request, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Authorization header of every request.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>Answers in place of the server when it returns true.</summary>
    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    /// <summary>Called after a write took effect, outside of all locks: where a test lets somebody else come in between.</summary>
    public Action<string, string>? Written { get; set; }

    /// <summary>How to reach it; by name, since its certificate has no address.</summary>
    public ApiEndpoint Endpoint => new(new Uri($"https://localhost:{new Uri(_app.Urls.Single()).Port}")) { TokenFile = TokenFile.Path, AuthorityFile = _authority.Path };

    /// <summary>Watches that are open.</summary>
    public int OpenWatches
    {
        get
        {
            lock (_lock)
            {
                return _watches.Count;
            }
        }
    }

    public static async Task<FakeApiServer> StartAsync()
    {
        var authority = CertificateMaker.Authority(TimeProvider.System.GetUtcNow(), CertificateLifetimes.Default);
        var serving = CertificateMaker.Serving(authority.Certificate, authority.KeyPem, ["localhost"], TimeProvider.System.GetUtcNow(), CertificateLifetimes.Default);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        FakeApiServer? server = null;
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(X509Certificate2.CreateFromPem(serving.Certificate.Pem, serving.KeyPem));
            });
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(static options => options.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.Run(context => server!.AnswerAsync(context));
        server = new FakeApiServer(app, new TemporaryFile(authority.Certificate.Pem), new TemporaryFile("first-token"));
        await app.StartAsync();
        return server;
    }

    /// <summary>Stores an object as if somebody else had written it, and tells watches.</summary>
    public void Put(string path, string json) => Put(path, JsonNode.Parse(json)!.AsObject());

    /// <summary>An object; null: there is none.</summary>
    public JsonObject? Get(string path)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(path, out var found) ? (JsonObject)found.DeepClone() : null;
        }
    }

    /// <summary>Deletes an object, and tells watches.</summary>
    public void Delete(string path)
    {
        lock (_lock)
        {
            if (_objects.Remove(path, out var gone))
            {
                gone["metadata"]!["resourceVersion"] = (++_version).ToString();
                Tell(path, "DELETED", gone);
            }
        }
    }

    /// <summary>Sends a line, whatever it is, to every watch of a collection.</summary>
    public void SendLine(string collection, string line)
    {
        lock (_lock)
        {
            _watches.Where(watch => watch.Collection == collection).ToList().ForEach(watch => watch.Lines.Writer.TryWrite(line + "\n"));
        }
    }

    /// <summary>Ends every watch as a server does whose time is up.</summary>
    public void EndWatches()
    {
        lock (_lock)
        {
            _watches.ForEach(static watch => watch.Lines.Writer.TryComplete());
        }
    }

    public async ValueTask DisposeAsync()
    {
        EndWatches();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _authority.Dispose();
        TokenFile.Dispose();
    }

    /// <summary>Answers with a Status object.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        await context.Response.WriteAsync(new JsonObject { ["kind"] = "Status", ["code"] = code, ["message"] = message }.ToJsonString());
        return true;
    }

    private void Put(string path, JsonObject value)
    {
        lock (_lock)
        {
            var isNew = !_objects.ContainsKey(path);
            value["metadata"] ??= new JsonObject();
            value["metadata"]!["resourceVersion"] = (++_version).ToString();
            _objects[path] = value;
            Tell(path, isNew ? "ADDED" : "MODIFIED", value);
        }
    }

    private void Tell(string path, string type, JsonObject value)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = value.DeepClone() }.ToJsonString() + "\n";
        _watches.Where(watch => watch.Collection == path[..path.LastIndexOf('/')]).ToList().ForEach(watch => watch.Lines.Writer.TryWrite(line));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Requests.Enqueue($"{context.Request.Method} {path}{context.Request.QueryString}");
        Authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
        if (Intercept is { } intercept && await intercept(context))
        {
            return;
        }

        if (path == "/version")
        {
            await context.Response.WriteAsync(new JsonObject { ["gitVersion"] = GitVersion }.ToJsonString());
        }
        else if (context.Request.Query.ContainsKey("watch"))
        {
            await WatchAsync(context, path);
        }
        else
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            var (status, answer) = Handle(context.Request, path, body);
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(answer);
            if (context.Request.Method is not "GET" && status < 300)
            {
                Written?.Invoke(context.Request.Method, path);
            }
        }
    }

    private (int Status, string Answer) Handle(HttpRequest request, string path, string body)
    {
        lock (_lock)
        {
            _objects.TryGetValue(path, out var present);
            switch (request.Method)
            {
                case "GET" when present is not null:
                    return (200, present.ToJsonString());
                case "GET" when ApiPaths.IsCollection(path):
                    return (200, List(request, path).ToJsonString());
                case "GET":
                    return (404, """{"message":"not found"}""");
                case "POST":
                    var created = JsonNode.Parse(body)!.AsObject();
                    var at = $"{path}/{created["metadata"]!["name"] ?? "generated"}";
                    if (request.Query.ContainsKey("dryRun"))
                    {
                        return (201, created.ToJsonString());
                    }

                    if (_objects.ContainsKey(at))
                    {
                        return (409, """{"message":"already exists"}""");
                    }

                    Put(at, created);
                    return (201, created.ToJsonString());
                case "PUT" when present is not null:
                    var updated = JsonNode.Parse(body)!.AsObject();
                    if (updated["metadata"]?["resourceVersion"]?.GetValue<string>() != present["metadata"]!["resourceVersion"]!.GetValue<string>())
                    {
                        return (409, """{"message":"the object has been modified"}""");
                    }

                    Put(path, updated);
                    return (200, updated.ToJsonString());
                case "PATCH" when present is not null:
                    var patched = (JsonObject)present.DeepClone();
                    if (!SmallJsonPatch.TryApply(patched, JsonNode.Parse(body)!.AsArray()))
                    {
                        return (422, """{"message":"the server rejected our request: testing path failed"}""");
                    }

                    Put(path, patched);
                    return (200, patched.ToJsonString());
                default:
                    return (404, """{"message":"not found"}""");
            }
        }
    }

    private JsonObject List(HttpRequest request, string path)
    {
        var limit = int.TryParse(request.Query["limit"], out var asked) ? asked : int.MaxValue;
        var after = request.Query["continue"].ToString();
        var selector = request.Query["labelSelector"].ToString();
        var everything = path.StartsWith("/api/v1/pods", StringComparison.Ordinal)
            ? _objects.Where(item => item.Key.Contains("/pods/", StringComparison.Ordinal))
            : _objects.Where(item => item.Key[..item.Key.LastIndexOf('/')] == path);
        var all = everything.Where(item => ApiPaths.IsSelected(item.Value, selector) && string.CompareOrdinal(item.Key, after) > 0).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = _version.ToString() };
        if (all.Count > limit)
        {
            metadata["continue"] = all[limit - 1].Key;
        }

        return new JsonObject { ["metadata"] = metadata, ["items"] = new JsonArray([.. all.Take(limit).Select(static item => item.Value.DeepClone())]) };
    }

    private async Task WatchAsync(HttpContext context, string path)
    {
        var lines = Channel.CreateUnbounded<string>();
        lock (_lock)
        {
            // What changed since the version asked for; deletions in between are not remembered.
            var since = long.Parse(context.Request.Query["resourceVersion"]!);
            foreach (var missed in _objects.Where(item => item.Key[..item.Key.LastIndexOf('/')] == path && long.Parse(item.Value["metadata"]!["resourceVersion"]!.GetValue<string>()) > since))
            {
                lines.Writer.TryWrite(new JsonObject { ["type"] = "MODIFIED", ["object"] = missed.Value.DeepClone() }.ToJsonString() + "\n");
            }

            _watches.Add((path, lines));
        }

        try
        {
            await context.Response.Body.FlushAsync();
            await foreach (var line in lines.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(line, Encoding.UTF8);
                await context.Response.Body.FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            lock (_lock)
            {
                _watches.RemoveAll(watch => watch.Lines == lines);
            }
        }
    }
}

/// <summary>Which paths are collections, and which objects a label selector means.</summary>
internal static class ApiPaths
{
    private static readonly string[] Collections = ["namespaces", "nodes", "pods", "secrets", "mutatingwebhookconfigurations", "validatingwebhookconfigurations"];

    public static bool IsCollection(string path) => Collections.Contains(path[(path.LastIndexOf('/') + 1)..]);

    public static bool IsSelected(JsonObject value, string selector)
    {
        var label = value["metadata"]?["labels"]?["sidecarproxy.io/inject"]?.GetValue<string>();
        return selector switch
        {
            "" => true,
            "sidecarproxy.io/inject=enabled" => label == "enabled",
            "sidecarproxy.io/inject notin (disabled)" => label != "disabled",
            _ => throw new InvalidOperationException($"selector {selector}"),
        };
    }
}

/// <summary><c>test</c> and <c>add</c> of RFC 6902 on members, which is all that caBundle needs.</summary>
internal static class SmallJsonPatch
{
    public static bool TryApply(JsonNode target, JsonArray patch)
    {
        foreach (var operation in patch)
        {
            var path = operation!["path"]!.GetValue<string>().Split('/').Skip(1).ToList();
            JsonNode? parent = target;
            foreach (var step in path.Take(path.Count - 1))
            {
                parent = parent is JsonArray list ? list[int.Parse(step)] : parent?[step];
            }

            switch (operation["op"]!.GetValue<string>())
            {
                case "test" when !JsonNode.DeepEquals(parent?[path[^1]], operation["value"]):
                    return false;
                case "test":
                    break;
                case "add" when parent is JsonObject owner:
                    owner[path[^1]] = operation["value"]!.DeepClone();
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}

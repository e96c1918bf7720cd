using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Rescue;

public class RescueMiddlewareTests
{
    private readonly DefaultHttpContext _context = new();
    private readonly RequestRecord _record = new() { Method = "GET" };
    private readonly Lifetime _lifetime = new();
    private readonly Response _response = new();

    public RescueMiddlewareTests()
    {
        _context.Features.Set(_record);
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        _context.Features.Set<IHttpResponseFeature>(_response);
        _context.Response.Body = new MemoryStream();
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed)]
    [InlineData(ProxyError.UpstreamClosed)]
    public async Task InvokeAsync_MirroredFailure_IsAResetWithAStatusForTheLog(ProxyError error)
    {
        _record.MirrorsFailures = true;

        await RunAsync(() => _record.Fail(error));

        Assert.True(_lifetime.IsAborted);
        Assert.Equal(502, _context.Response.StatusCode);
        Assert.Equal(0, _context.Response.Body.Length);
        Assert.Empty(_context.Response.Headers);
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed)]
    [InlineData(ProxyError.UpstreamClosed)]
    public async Task InvokeAsync_MirroredFailureAfterTheAnswerHasBegun_IsAReset(ProxyError error)
    {
        _record.MirrorsFailures = true;
        _response.Start();

        await RunAsync(() => _record.Fail(error));

        Assert.True(_lifetime.IsAborted);
        Assert.Equal(200, _context.Response.StatusCode);
    }

    [Theory]
    [InlineData(true, ProxyError.UpstreamProtocol)]
    [InlineData(true, ProxyError.Overloaded)]
    [InlineData(false, ProxyError.ConnectFailed)]
    [InlineData(false, ProxyError.UpstreamClosed)]
    public async Task InvokeAsync_OtherFailureOrWrittenRoute_IsAnswered(bool mirrors, ProxyError error)
    {
        _record.MirrorsFailures = mirrors;

        await RunAsync(() => _record.Fail(error));

        Assert.False(_lifetime.IsAborted);
        Assert.Equal(ProxyErrorTable.Row(error).Status, _context.Response.StatusCode);
        Assert.Equal(ProxyErrorTable.Flag(error), _context.Response.Headers["x-sidecar-flags"]);
    }

    [Fact]
    public async Task InvokeAsync_NoFailure_ChangesNothing()
    {
        _record.MirrorsFailures = true;

        await RunAsync(() => _context.Response.StatusCode = 204);

        Assert.Equal((false, 204), (_lifetime.IsAborted, _context.Response.StatusCode));
    }

    private Task RunAsync(Action layers) => new RescueMiddleware(
        _ =>
        {
            layers();
            return Task.CompletedTask;
        },
        (_, _) => ValueTask.CompletedTask,
        (_, exception) => Assert.Fail(exception.ToString())).InvokeAsync(_context, _record).AsTask();

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    /// <summary>Refuses what a server refuses once the head is on its way.</summary>
    private sealed class Response : HttpResponseFeature, IHttpResponseFeature
    {
        private bool _hasStarted;
        private int _status = 200;

        public override bool HasStarted => _hasStarted;

        int IHttpResponseFeature.StatusCode
        {
            get => _status;
            set => _status = _hasStarted ? throw new InvalidOperationException("The response has started.") : value;
        }

        public void Start() => _hasStarted = true;
    }
}

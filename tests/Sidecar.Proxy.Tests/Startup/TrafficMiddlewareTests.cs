using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Contract;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Interception;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Startup;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Tests.Rescue;
using Sidecar.Proxy.Tests.Telemetry;

namespace Sidecar.Proxy.Tests.Startup;

/// <summary>The account is around the rescue, the rescue around all layers: whatever these do, what the caller sees is what is logged.</summary>
public sealed class TrafficMiddlewareTests : IDisposable
{
    private readonly TelemetryRig _rig = new();
    private readonly TrafficCounters _counters = new();
    private readonly DefaultHttpContext _context = new();
    private readonly ListenerFeature _caller = new(ListenerKind.Reverse);
    private Exception? _defect;

    public TrafficMiddlewareTests()
    {
        _context.Request.Method = "GET";
        _context.Request.Protocol = "HTTP/1.1";
        _context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/";
        _context.Response.Body = new MemoryStream();
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task InvokeAsync_NoFailure_ChangesNothing()
    {
        var lifetime = new AbortedLifetime();
        _context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);

        await RunAsync(decide: record =>
        {
            record.MirrorsFailures = true;
            _context.Response.StatusCode = 204;
        });

        Assert.Equal((204, 0L, false), (_context.Response.StatusCode, _context.Response.Body.Length, lifetime.IsAborted));
        Assert.Null(_defect);
        Assert.Empty(_rig.Lines(LogEvents.Request));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InvokeAsync_LayerThatFails_IsRescuedAndLogged(bool whileDeciding)
    {
        var forwarded = false;

        await RunAsync(
            decide: record =>
            {
                if (whileDeciding)
                {
                    record.Fail(ProxyError.NoRoute);
                }
            },
            forward: record =>
            {
                forwarded = true;
                if (!whileDeciding)
                {
                    throw new InvalidOperationException("a defect");
                }
            });

        // Forwarding itself does nothing where no route was chosen.
        Assert.True(forwarded);
        Assert.Equal(whileDeciding, _defect is null);
        var status = ProxyErrorTable.Row(whileDeciding ? ProxyError.NoRoute : ProxyError.InternalDefect).Status;
        Assert.Equal(status, _context.Response.StatusCode);
        Assert.Equal(status, Assert.Single(_rig.Lines(LogEvents.Request)).GetProperty("status").GetInt32());
        Assert.Equal(0, _counters.InFlight);
    }

    [Fact]
    public async Task InvokeAsync_LayerThatThrowsWhileDeciding_IsNotForwarded()
    {
        var forwarded = false;

        await RunAsync(decide: _ => throw new BadHttpRequestException("malformed"), forward: _ => forwarded = true);

        Assert.Equal((400, false), (_context.Response.StatusCode, forwarded));
        Assert.Null(_defect);
    }

    [Fact]
    public async Task InvokeAsync_WhileItRuns_IsInFlight()
    {
        var during = new List<long>();

        await RunAsync(decide: _ => during.Add(_counters.InFlight), forward: _ => during.Add(_counters.InFlight));

        Assert.Equal([1, 1], during);
        Assert.Equal(0, _counters.InFlight);
        Assert.False(_caller.IsInUse);
    }

    private Task RunAsync(Action<RequestRecord> decide, Action<RequestRecord>? forward = null) => new TrafficMiddleware(
        new RequestAccount(_rig.Telemetry, _counters, new RequestIds(() => 1), _rig.Clock),
        new FailureRescue((_, exception) => _defect = exception),
        context =>
        {
            decide(RequestRecord.Of(context));
            return Task.CompletedTask;
        },
        (_, record) =>
        {
            forward?.Invoke(record);
            return ValueTask.CompletedTask;
        }).InvokeAsync(_context, _caller);
}

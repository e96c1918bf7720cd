using System.Text.Json;
using Sidecar.Contract;

namespace Sidecar.Proxy.Commands.Demo;

/// <summary>One round of traffic through the demo's proxy, route by route.</summary>
/// <param name="ports">Where everything listens.</param>
/// <param name="script">The upstream's misbehaviour.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">Called after every request.</param>
public sealed class DemoRound(DemoPorts ports, DemoScript script, TimeProvider time, Action<IReadOnlyList<DemoLine>> progress) : IDisposable
{
    private const int Calls = 30;
    private const int HangingCalls = 6;
    private const int OutageCalls = 20;

    // The breaker opens for one second; ten are a machine that is very busy.
    private const int RecoveryCalls = 50;
    private static readonly TimeSpan RecoveryPause = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{ports.Reverse}/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly AdminClient _admin = new($"127.0.0.1:{ports.Admin}", time);
    private readonly DemoLine _plain = new("plain", "none");
    private readonly DemoLine _retried = new("retried", "retry: maxRetries 2");
    private readonly DemoLine _bounded = new("bounded", "timeouts: request 250ms");
    private readonly DemoLine _guarded = new("guarded", "circuitBreaker: 5 failures in a row");

    private IReadOnlyList<DemoLine> Lines => [_plain, _retried, _bounded, _guarded];

    /// <summary>Runs it.</summary>
    public async Task<IReadOnlyList<DemoLine>> RunAsync(CancellationToken cancellationToken)
    {
        await CallAsync(_plain, Calls, cancellationToken);
        await CallAsync(_retried, Calls, cancellationToken);
        await CallAsync(_bounded, HangingCalls, cancellationToken);
        await CallAsync(_guarded, Calls / 3, cancellationToken);
        script.IsDown = true;
        await CallAsync(_guarded, OutageCalls, cancellationToken);
        await NoteBreakerAsync(cancellationToken);
        script.IsDown = false;
        await RecoverAsync(cancellationToken);
        await CallAsync(_guarded, Calls / 3, cancellationToken);
        await NoteBreakerAsync(cancellationToken);
        progress(Lines);
        return Lines;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _admin.Dispose();
    }

    private async Task CallAsync(DemoLine line, int times, CancellationToken cancellationToken)
    {
        for (var i = 0; i < times; i++)
        {
            await CallAsync(line, cancellationToken);
        }
    }

    private async Task<int> CallAsync(DemoLine line, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var response = await _client.GetAsync($"{line.Route}/hello", cancellationToken);
        var flags = response.Headers.TryGetValues(HeaderNames.Flags, out var values) ? string.Join(",", values) : "";
        line.Add((int)response.StatusCode, flags, time.GetElapsedTime(started));
        line.Attempts = script.Attempts(line.Route);
        progress(Lines);
        return (int)response.StatusCode;
    }

    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < RecoveryCalls && await CallAsync(_guarded, cancellationToken) != 200; i++)
        {
            await Task.Delay(RecoveryPause, time, cancellationToken);
        }
    }

    private async Task NoteBreakerAsync(CancellationToken cancellationToken)
    {
        var answer = await _admin.GetAsync("breakers", cancellationToken);
        if (answer.Body is not { } body || !body.TryGetProperty("breakers", out var breakers) || breakers.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var breaker in breakers.EnumerateArray().Where(breaker => breaker.GetProperty("route").GetString() == _guarded.Route))
        {
            _guarded.AddBreakerState(breaker.GetProperty("state").GetString() ?? "");
        }
    }
}

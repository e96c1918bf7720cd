using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Configuration;
using Sidecar.Configuration.Effective;
using Sidecar.Contract;
using Sidecar.Proxy.Admin;
using Sidecar.Proxy.Configuration;
using Sidecar.Proxy.Forwarding;
using Sidecar.Proxy.Overload;
using Sidecar.Proxy.Policies;
using Sidecar.Proxy.Routing;
using Sidecar.Proxy.Telemetry;
using Sidecar.Proxy.Upstream;

namespace Sidecar.Proxy.Startup;

/// <summary>
/// One running proxy: configuration → parts → server, then signals until the end. Composition only; what the parts do is
/// in their folders.
/// </summary>
public sealed class ProxyHost : IAsyncDisposable
{
    // A name that does not resolve must not keep a pod from ever becoming ready: its routes answer UH meanwhile.
    private static readonly TimeSpan NameResolutionWait = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<int> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private readonly Composition _parts;
    private int _isEnding;
    private int _isDisposed;

    private ProxyHost(Composition parts)
    {
        _parts = parts;
        parts.Admin.BeginDrain = () => _ = BeginDrain(skipAcceptWindow: false, "admin");
        parts.Admin.BeginEnd = () => End(skipAcceptWindow: true, waitsForApplication: true, "quitquitquit");
    }

    /// <summary>Ends with the exit code.</summary>
    public Task<int> Completion => _completion.Task;

    /// <summary>Where traffic arrives; null when the listener is off.</summary>
    public IPEndPoint? ReverseEndPoint => _parts.Listeners.Reverse;

    /// <summary>Where intercepted traffic of the application arrives; null when the listener is off.</summary>
    public IPEndPoint? OutboundEndPoint => _parts.Listeners.Outbound;

    /// <summary>Where intercepted traffic to the application arrives; null when the listener is off.</summary>
    public IPEndPoint? InboundEndPoint => _parts.Listeners.Inbound;

    /// <summary>Where the controls are.</summary>
    public IPEndPoint? AdminEndPoint => _parts.Listeners.Admin;

    /// <summary>Where metrics and probes are.</summary>
    public IPEndPoint? MetricsEndPoint => _parts.Listeners.Metrics;

    /// <summary>Loads, listens, and returns once connections are accepted.</summary>
    /// <exception cref="ConfigurationInvalidException">The configuration was refused.</exception>
    /// <exception cref="IOException">A listener could not be opened.</exception>
    public static async Task<ProxyHost> StartAsync(RunOptions options, HostEnvironment environment, CancellationToken cancellationToken)
    {
        var host = new ProxyHost(Composition.Create(options, environment));
        try
        {
            await host._parts.Server.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.Started();
        return host;
    }

    /// <summary>Hands a signal over; returns at once.</summary>
    public void Signal(ProxySignal signal)
    {
        switch (signal)
        {
            case ProxySignal.Reload:
                _parts.Watcher.Trigger();
                break;
            case ProxySignal.Terminate:
                Received("SIGTERM");
                End(skipAcceptWindow: false, waitsForApplication: true, "SIGTERM");
                break;
            case ProxySignal.Interrupt:
                Received("SIGINT");
                End(skipAcceptWindow: true, waitsForApplication: false, "SIGINT");
                break;
        }
    }

    /// <summary>Stops at once, without a drain.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _ending.CancelAsync();
        await _parts.DisposeAsync();
        _ending.Dispose();
        _completion.TrySetResult(ExitCodes.Ok);
    }

    private void Started()
    {
        foreach (var (listener, address) in _parts.Listeners.Bound)
        {
            _parts.Events.Write(LogEvents.Listening, LogSeverity.Info, [("listener", listener), ("address", address.ToString())]);
        }

        _ = BecomeReadyAsync();
        _ = Task.Run(() => _parts.Watcher.RunAsync(_parts.Reload, _ending.Token));
        _ = Task.Run(WatchLimitsAsync);
    }

    private async Task BecomeReadyAsync()
    {
        _parts.Admin.Starting("cluster names are being resolved");
        await _parts.Clusters.Ready.WaitAsync(NameResolutionWait, _parts.Time, _ending.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _parts.Admin.Starting(null);
    }

    private async Task WatchLimitsAsync()
    {
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1), _parts.Time);
        try
        {
            while (await everySecond.WaitForNextTickAsync(_ending.Token))
            {
                _parts.ObserveLimits();
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private Task BeginDrain(bool skipAcceptWindow, string cause)
    {
        if (!_parts.DrainState.IsDraining)
        {
            _parts.Events.Write(LogEvents.DrainStarted, LogSeverity.Info, [("cause", cause), ("inFlight", _parts.Counters.InFlight)]);
        }

        return _parts.Drain.DrainAsync(skipAcceptWindow);
    }

    // After a drain it is the only line that says when the end began.
    private void Received(string signal) => _parts.Events.Write(LogEvents.SignalReceived, LogSeverity.Info, [("signal", signal)]);

    private void End(bool skipAcceptWindow, bool waitsForApplication, string cause)
    {
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            _ = EndAsync(skipAcceptWindow, waitsForApplication, cause);
        }
    }

    private async Task EndAsync(bool skipAcceptWindow, bool waitsForApplication, string cause)
    {
        try
        {
            _ = BeginDrain(skipAcceptWindow, cause);
            await _parts.Drain.EndAsync(skipAcceptWindow, waitsForApplication);
            _parts.DrainState.Advance(DrainPhase.Refusing);
            using (var deadline = new CancellationTokenSource(_parts.Drain.TimeLeft, _parts.Time))
            {
                // Closes idle connections and sends GOAWAY; at the deadline what is left is cut.
                await _parts.Server.StopAsync(deadline.Token);
            }

            await _parts.FinishAsync();
            await DisposeAsync();
            _completion.TrySetResult(ExitCodes.Ok);
        }
        catch (Exception e)
        {
            _parts.Events.Write(LogEvents.InternalError, LogSeverity.Error, [("reason", e.ToString())]);
            _completion.TrySetResult(ExitCodes.Failed);
        }
    }
}

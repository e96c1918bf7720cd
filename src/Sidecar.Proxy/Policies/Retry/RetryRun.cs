using Polly;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Policies.Timeouts;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.Retry;

/// <summary>
/// One failed request on its way through retries: what Polly asks, decided by our pure functions. Made only after a
/// first attempt whose failure may be retried, so the happy path never pays for it.
/// </summary>
internal sealed class RetryRun
{
    private static readonly ResiliencePropertyKey<RetryRun> Key = new("sidecar.retry");

    private readonly RoutePolicyEngine _engine;
    private readonly UpstreamExchange _exchange;
    private readonly RequestClock _clock;
    private AttemptOutcome _last;
    private bool _isFirstKnown;
    private bool _isFirstDecided;
    private bool _isLastHeld = true;
    private TimeSpan _waitStarted;
    private TimeSpan _waited;

    /// <summary>Starts behind the first attempt, for which <see cref="WantsRetry"/> has not been asked yet.</summary>
    public RetryRun(RoutePolicyEngine engine, UpstreamExchange exchange, RequestClock clock, in AttemptOutcome first)
    {
        _engine = engine;
        _exchange = exchange;
        _clock = clock;
        _last = first;
    }

    /// <summary>Wait before the retry that was just decided.</summary>
    public TimeSpan Wait { get; private set; }

    /// <summary>Stands beside the last outcome's flag: <c>RB</c> or <c>URX</c>, or none.</summary>
    public ProxyError Beside { get; private set; }

    /// <summary>The run that travels in Polly's context.</summary>
    public static RetryRun Of(ResilienceContext context) => context.Properties.GetValue(Key, null!);

    /// <summary>
    /// Decides whether an outcome is tried again, and after which wait. Order: what costs nothing first, the budget
    /// last, because asking it takes from it.
    /// </summary>
    public bool WantsRetry(in AttemptOutcome outcome)
    {
        if (_isFirstDecided)
        {
            // Already asked, before Polly was entered.
            _isFirstDecided = false;
            return true;
        }

        var policy = _engine.Policy.Retry!;
        var subject = new RetrySubject(_exchange.Method, _exchange.HasIdempotencyKey, _exchange.IsGrpc, _exchange.IsUpgrade, _exchange.Body);
        switch (RetryEligibility.Judge(subject, outcome, policy))
        {
            case RetryVerdict.NotWanted:
                return false;
            case RetryVerdict.NotRepeatable:
                return No(RetryDecision.NotRepeatable);
        }

        var retry = _exchange.Record.AttemptCount;
        if (retry > policy.MaxRetries)
        {
            Beside = ProxyError.RetryLimitExceeded;
            return No(RetryDecision.LimitReached);
        }

        // A broken circuit is not retried: the caller gets the failure that happened, not a refusal on top.
        if (_engine.IsOpen(_exchange))
        {
            return false;
        }

        var now = _clock.Now;
        var deadline = _clock.Deadline;
        Wait = Backoff.Wait(policy.Backoff, retry, _engine.Random);
        if (outcome is { HasResponse: true, RetryAfter: { } retryAfter })
        {
            if (retryAfter > policy.RetryAfterMax || (deadline.Left(now) is { } left && retryAfter > left))
            {
                return No(RetryDecision.RetryAfterTooLong);
            }

            var asked = Backoff.AfterRetryAfter(retryAfter, _engine.Random);
            Wait = asked > Wait ? asked : Wait;
        }

        if (!deadline.LeavesTimeAfter(Wait, now))
        {
            return No(RetryDecision.NoTime);
        }

        if (!(_exchange.Budget ?? _engine.Budget).TryWithdraw())
        {
            Beside = ProxyError.RetryBudgetExhausted;
            return No(RetryDecision.BudgetExhausted);
        }

        return true;
    }

    /// <summary>A retry is decided: lets go of the last response, so that its connection is free before the wait.</summary>
    public void StartWait()
    {
        if (_last.HasResponse)
        {
            _exchange.Discard(_last);
            _exchange.Open.Close(ExchangeCompletion.Ended);
        }

        _isLastHeld = false;
        _waitStarted = _clock.Now;
        _engine.Events.RetryConsidered(_exchange.Record, RetryDecision.Retried, Wait);
    }

    /// <summary>Hands the failed first attempt to Polly, which owns waits and repetition from here on.</summary>
    public async ValueTask<AttemptOutcome> ExecuteAsync(CancellationToken callerGone)
    {
        _isFirstDecided = true;

        // Its own clock: the attempts' token dies with a per-try timeout, the wait after it must not.
        using var overall = RequestClock.Start(_engine.Clock, _clock.Deadline, _exchange.Record.StartTimestamp, _exchange.RequestReceived, callerGone);
        overall.StartTry(perTry: null);
        var context = ResilienceContextPool.Shared.Get(overall.Token);
        context.Properties.Set(Key, this);
        try
        {
            var result = await _engine.RetryPipeline.ExecuteOutcomeAsync(static (context, run) => run.NextAsync(), context, this);
            if (result.Exception is OperationCanceledException && overall.WhoEnded() is var who and not ProxyError.None)
            {
                // The deadline or the caller ended the wait.
                return Interrupted(who);
            }

            result.ThrowIfException();
            return result.Result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<Outcome<AttemptOutcome>> NextAsync()
    {
        if (!_isFirstKnown)
        {
            _isFirstKnown = true;
            return Outcome.FromResult(_last);
        }

        EndWait();
        var previous = _exchange.LastDestination;
        _last = await _engine.AttemptAsync(_exchange, _clock, previous, _waited);
        _isLastHeld = true;
        return Outcome.FromResult(_last);
    }

    private AttemptOutcome Interrupted(ProxyError who)
    {
        if (_isLastHeld)
        {
            return _last;
        }

        EndWait();
        return new AttemptOutcome { Error = who, Detail = "Ended while waiting for a retry." };
    }

    private void EndWait()
    {
        _waited = _clock.Now - _waitStarted;
        _exchange.Record.WaitTime += _waited;
    }

    private bool No(RetryDecision decision)
    {
        _engine.Events.RetryConsidered(_exchange.Record, decision, TimeSpan.Zero);
        return false;
    }
}

using Sidecar.Configuration.Effective;
using Sidecar.Proxy.LoadBalancing;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies.CircuitBreaking;

/// <summary>
/// One circuit: closed → open → half-open → closed or open again. A pure state machine over calls, time and chance;
/// it knows neither routes nor destinations.
/// <para>
/// Locking: asking a closed or a still open breaker is one volatile read (plus the clock when open). Settling a counted call takes
/// one small lock: three counters and a row move together there, and an uncontended lock costs about as much as the
/// three interlocked operations that could not keep them consistent.
/// </para>
/// </summary>
public sealed class CircuitBreaker
{
    // The word is epoch × 4 + state. One read tells both, so a permit can never belong to another state than the one seen.
    private const long StateMask = 3;
    private const long EpochStep = 4;

    // Open time is remembered for a minute (PRODUCT §2), and doubled at most this often: 2^30 × 1 ms is beyond any maximum.
    private static readonly TimeSpan ForgetOpenTimeAfter = TimeSpan.FromSeconds(60);
    private const int MostDoublings = 30;

    // A destination that just came back gets a tenth of its share at once: less would make the first step of the
    // ramp unmeasurable at low rates. Envoy's slow start uses the same floor (min_weight_percent 10).
    private const double SmallestShare = 0.1;

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly IRandomSource _random;
    private readonly IBreakerObserver? _observer;
    private readonly long _origin;
    private readonly CallWindow _window;

    private long _word = (long)BreakerState.Closed;
    private long _openUntilTicks;
    private long _rampUntilTicks;
    private long _lastSettledTicks;
    private int _openings;
    private int _probesAdmitted;
    private int _probesSucceeded;
    private string _reason = "";
    private TimeSpan _since;

    /// <summary>A closed breaker.</summary>
    public CircuitBreaker(CircuitBreakerPolicy policy, TimeProvider clock, IRandomSource random)
        : this(policy, clock, random, observer: null)
    {
    }

    internal CircuitBreaker(CircuitBreakerPolicy policy, TimeProvider clock, IRandomSource random, IBreakerObserver? observer)
    {
        Policy = policy;
        _clock = clock;
        _random = random;
        _observer = observer;
        _origin = clock.GetTimestamp();
        _window = new CallWindow(policy.Window);
    }

    /// <summary>What it was made from.</summary>
    public CircuitBreakerPolicy Policy { get; }

    /// <summary>Closed, open or half-open at this moment. Open stays open until somebody asks to enter after its time.</summary>
    public BreakerState State => (BreakerState)(Volatile.Read(ref _word) & StateMask);

    /// <summary>Not closed.</summary>
    public bool IsTripped => State != BreakerState.Closed;

    /// <summary>How long no call has been settled.</summary>
    public TimeSpan IdleFor => Now - new TimeSpan(Volatile.Read(ref _lastSettledTicks));

    private TimeSpan Now => _clock.GetElapsedTime(_origin);

    /// <summary>Asks to make a call. When true, the permit must be settled once.</summary>
    public bool TryEnter(out BreakerPermit permit)
    {
        var word = Volatile.Read(ref _word);
        switch ((BreakerState)(word & StateMask))
        {
            case BreakerState.Closed:
                permit = new BreakerPermit(this, word, IsProbe: false);
                return true;
            case BreakerState.Open when Now.Ticks < Volatile.Read(ref _openUntilTicks):
                permit = default;
                return false;
            default:
                var entered = TryEnterTripped(out permit);
                _observer?.Publish();
                return entered;
        }
    }

    /// <summary>
    /// The share of traffic that wants to come here, without changing anything: 0 is refused, 1 is all (or a free
    /// probe), between is the ramp after closing.
    /// </summary>
    public double Share()
    {
        switch (State)
        {
            case BreakerState.Closed:
                return Volatile.Read(ref _rampUntilTicks) == 0 ? 1 : ShareOfRamp();
            case BreakerState.Open:
                return Now.Ticks < Volatile.Read(ref _openUntilTicks) ? 0 : 1;
            default:
                return Volatile.Read(ref _probesAdmitted) < Policy.Probes ? 1 : 0;
        }
    }

    /// <summary>Time until a probe may go, for <c>Retry-After</c>; zero unless open.</summary>
    public TimeSpan UntilProbe()
    {
        var left = Volatile.Read(ref _openUntilTicks) - Now.Ticks;
        return State == BreakerState.Open && left > 0 ? new TimeSpan(left) : TimeSpan.Zero;
    }

    /// <summary>What it looks like now.</summary>
    public BreakerSnapshot Snapshot()
    {
        var openFor = UntilProbe();
        lock (_lock)
        {
            var now = Now;
            var (requests, failures, slowCalls) = _window.Sums(now);
            return new BreakerSnapshot(State, _reason, now - _since, openFor, failures, requests, slowCalls, _window.Consecutive);
        }
    }

    /// <summary>Tells how a permitted call went. Results of calls that began before the last transition count for nothing.</summary>
    public void Settle(in BreakerPermit permit, CallResult result, TimeSpan duration)
    {
        if (result == CallResult.Ignored && !permit.IsProbe)
        {
            return;
        }

        var isSlow = Policy.SlowCallDuration is { } slow && duration > slow;
        lock (_lock)
        {
            if (permit.Epoch != _word)
            {
                return;
            }

            var now = Now;
            Volatile.Write(ref _lastSettledTicks, now.Ticks);
            if (permit.IsProbe)
            {
                SettleProbe_NeedsLock(result, isSlow, now);
            }
            else
            {
                SettleCounted_NeedsLock(result == CallResult.Failure, isSlow, now);
            }
        }

        _observer?.Publish();
    }

    /// <summary>
    /// A probe that was settled as a success at its headers came to a bad end. Unless something else has changed the
    /// state since, the circuit opens again, as if the probe had failed at once.
    /// </summary>
    public void RevokeProbe(in BreakerPermit permit)
    {
        lock (_lock)
        {
            var closedByIt = ((permit.Epoch / EpochStep) + 1) * EpochStep + (long)BreakerState.Closed;
            if (!permit.IsProbe || (_word != permit.Epoch && _word != closedByIt))
            {
                return;
            }

            Open_NeedsLock(BreakerReasons.ProbeFailed, Now);
        }

        _observer?.Publish();
    }

    private bool TryEnterTripped(out BreakerPermit permit)
    {
        lock (_lock)
        {
            var now = Now;
            if (State == BreakerState.Open && now.Ticks >= _openUntilTicks)
            {
                // The probe counts are zeroed before the state becomes visible: Share reads them without the lock.
                Volatile.Write(ref _probesAdmitted, 0);
                _probesSucceeded = 0;
                Become_NeedsLock(BreakerState.HalfOpen, BreakerReasons.OpenElapsed, TimeSpan.Zero, now);
            }

            if (State == BreakerState.HalfOpen && _probesAdmitted < Policy.Probes)
            {
                Volatile.Write(ref _probesAdmitted, _probesAdmitted + 1);
                permit = new BreakerPermit(this, _word, IsProbe: true);
                return true;
            }

            permit = State == BreakerState.Closed ? new BreakerPermit(this, _word, IsProbe: false) : default;
            return State == BreakerState.Closed;
        }
    }

    private void SettleProbe_NeedsLock(CallResult result, bool isSlow, TimeSpan now)
    {
        if (result == CallResult.Ignored)
        {
            // Cancelled or refused elsewhere: the slot goes to another, so half-open cannot stick.
            Volatile.Write(ref _probesAdmitted, _probesAdmitted - 1);
        }
        else if (result == CallResult.Failure || isSlow)
        {
            // A slow probe fails too: else a circuit that opened for slowness would close on the same slowness.
            Open_NeedsLock(BreakerReasons.ProbeFailed, now);
        }
        else if (++_probesSucceeded == Policy.Probes)
        {
            _window.Clear();
            Volatile.Write(ref _rampUntilTicks, Policy.Ramp is { } ramp && ramp > TimeSpan.Zero ? (now + ramp).Ticks : 0);
            Become_NeedsLock(BreakerState.Closed, BreakerReasons.ProbeSucceeded, TimeSpan.Zero, now);
        }
    }

    private void SettleCounted_NeedsLock(bool isFailure, bool isSlow, TimeSpan now)
    {
        _window.Add(isFailure, isSlow, now);
        if (ReasonToTrip_NeedsLock(now) is { } reason)
        {
            Open_NeedsLock(reason, now);
        }
    }

    private string? ReasonToTrip_NeedsLock(TimeSpan now)
    {
        var (requests, failures, slowCalls) = _window.Sums(now);

        // max(N, ⌈10 % of the window's requests⌉), in integers: 0.1 × 30 is not 3 in floating point.
        if (Policy.ConsecutiveFailures is { } most && _window.Consecutive >= Math.Max(most, (requests + 9) / 10))
        {
            return BreakerReasons.Consecutive;
        }

        if (requests < Policy.MinimumThroughput)
        {
            return null;
        }

        // Divided, not multiplied: 3 / 10 is the same double as the written 0.3, 0.3 × 10 need not be 3.
        if (Policy.FailureRatio is { } failureRatio && (double)failures / requests >= failureRatio)
        {
            return BreakerReasons.Ratio;
        }

        return Policy.SlowCallDuration is not null && (double)slowCalls / requests >= Policy.SlowCallRatio ? BreakerReasons.Slow : null;
    }

    private void Open_NeedsLock(string reason, TimeSpan now)
    {
        if (State == BreakerState.Closed && now - _since >= ForgetOpenTimeAfter)
        {
            _openings = 0;
        }

        var doubled = Policy.OpenBase.Ticks * Math.Pow(2, Math.Min(_openings, MostDoublings));
        var openFor = TimeSpan.FromTicks((long)(Math.Min(doubled, Policy.OpenMax.Ticks) * (1 + (Policy.OpenJitterRatio * _random.NextDouble()))));
        _openings++;
        Volatile.Write(ref _openUntilTicks, (now + openFor).Ticks);
        Become_NeedsLock(BreakerState.Open, reason, openFor, now);
    }

    private void Become_NeedsLock(BreakerState state, string reason, TimeSpan openFor, TimeSpan now)
    {
        var from = State;
        _reason = reason;
        _since = now;
        Volatile.Write(ref _word, (((_word / EpochStep) + 1) * EpochStep) + (long)state);
        var (requests, failures, _) = _window.Sums(now);
        _observer?.Note(this, new BreakerChange(from, state, reason, openFor, failures, requests));
    }

    private double ShareOfRamp()
    {
        var left = Volatile.Read(ref _rampUntilTicks) - Now.Ticks;
        if (left <= 0)
        {
            Volatile.Write(ref _rampUntilTicks, 0);
            return 1;
        }

        return Math.Max(SmallestShare, 1 - ((double)left / Policy.Ramp!.Value.Ticks));
    }
}

using Polly;
using Polly.Retry;

namespace Sidecar.Proxy.Policies.Retry;

/// <summary>
/// Polly's part: repetition and waiting. One pipeline per number of retries, shared by all routes, since everything
/// else about a retry is decided by the <see cref="RetryRun"/> that travels in the context.
/// </summary>
/// <param name="clock">Polly waits on it.</param>
internal sealed class RetryPipelines(TimeProvider clock)
{
    private readonly ResiliencePipeline<AttemptOutcome>?[] _byRetries = new ResiliencePipeline<AttemptOutcome>?[16];

    /// <summary>The pipeline for <c>maxRetries</c>; made when first needed.</summary>
    public ResiliencePipeline<AttemptOutcome> For(int maxRetries)
    {
        if (maxRetries >= _byRetries.Length)
        {
            return Build(maxRetries);
        }

        // Two threads may build the same one: harmless, they hold no state.
        return Volatile.Read(ref _byRetries[maxRetries]) ?? (_byRetries[maxRetries] = Build(maxRetries));
    }

    private ResiliencePipeline<AttemptOutcome> Build(int maxRetries) =>
        new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                MaxRetryAttempts = maxRetries,
                Delay = TimeSpan.Zero,
                BackoffType = DelayBackoffType.Constant,

                // Ours is full jitter, Polly's is decorrelated: the delay comes from the run alone.
                UseJitter = false,
                ShouldHandle = static args => new ValueTask<bool>(args.Outcome.Exception is null && RetryRun.Of(args.Context).WantsRetry(args.Outcome.Result)),
                DelayGenerator = static args => new ValueTask<TimeSpan?>(RetryRun.Of(args.Context).Wait),
                OnRetry = static args =>
                {
                    RetryRun.Of(args.Context).StartWait();
                    return default;
                },
            })
            .Build();
}

using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Policies;

/// <summary>What the engine writes into the account of a request.</summary>
internal static class RecordKeeping
{
    /// <summary>Closes the account of the running attempt and returns how long it took to headers or failure.</summary>
    public static TimeSpan FinishAttempt(this RequestRecord record, TimeProvider clock, IPolicyEvents events, in AttemptOutcome outcome)
    {
        ref var attempt = ref record.LastAttempt;
        attempt.EndTimestamp = clock.GetTimestamp();
        attempt.Status = outcome.Status;
        attempt.GrpcStatus = outcome.HasResponse ? outcome.GrpcStatus : -1;
        attempt.Error = outcome.Error;
        attempt.IsConnectionReused = outcome.IsConnectionReused;
        var duration = clock.GetElapsedTime(attempt.StartTimestamp, attempt.EndTimestamp);
        record.UpstreamTime += duration;
        events.AttemptFinished(record);
        return duration;
    }

    /// <summary>Writes down what is passed on: the outcome's flag, and in front of it why it was not tried again.</summary>
    public static void Report(this RequestRecord record, in AttemptOutcome outcome, ProxyError beside)
    {
        record.Flags.Add(outcome.Error);
        record.Flags.Add(beside);
        if (outcome.Error != ProxyError.None)
        {
            record.Detail = outcome.Detail;
            record.RefusedFor = outcome.RefusedFor;
        }
    }
}

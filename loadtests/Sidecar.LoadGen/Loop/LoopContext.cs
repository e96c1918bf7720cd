namespace Sidecar.LoadGen.Loop;

/// <summary>Brings what <c>await</c> continues back to the loop's thread, so that scenarios need no locks.</summary>
public sealed class LoopContext(IReactor reactor) : SynchronizationContext
{
    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => reactor.Post(() => d(state));

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("The loop is never waited for.");
}

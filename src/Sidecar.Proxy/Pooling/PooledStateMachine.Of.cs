using System.Runtime.CompilerServices;

namespace Sidecar.Proxy.Pooling;

/// <summary>The state machine of one method; idle ones form a stack for each thread.</summary>
/// <typeparam name="TResult">What the method returns.</typeparam>
/// <typeparam name="TStateMachine">The compiler's state machine of the method.</typeparam>
internal sealed class PooledStateMachine<TResult, TStateMachine> : PooledStateMachine<TResult>
    where TStateMachine : IAsyncStateMachine
{
    [ThreadStatic]
    private static PooledStateMachine<TResult, TStateMachine>? t_idle;

    /// <summary>The method's locals.</summary>
    public TStateMachine? StateMachine;

    private PooledStateMachine<TResult, TStateMachine>? _below;
    private int _depth;

    /// <summary>An idle one of this thread, or a new one.</summary>
    public static PooledStateMachine<TResult, TStateMachine> Rent()
    {
        if (t_idle is not { } machine)
        {
            return new PooledStateMachine<TResult, TStateMachine>();
        }

        t_idle = machine._below;
        machine._below = null;
        return machine;
    }

    /// <inheritdoc/>
    protected override void MoveNext() => StateMachine!.MoveNext();

    /// <inheritdoc/>
    protected override void Return()
    {
        StateMachine = default;
        var depth = t_idle is { } top ? top._depth + 1 : 1;
        if (depth <= MostKept)
        {
            _depth = depth;
            _below = t_idle;
            t_idle = this;
        }
    }
}

using System.Runtime.CompilerServices;

#pragma warning disable CA1822 // the compiler calls these on an instance

namespace Sidecar.Proxy.Pooling;

/// <summary>
/// Builder of async methods whose state machine, once it has to wait, lives in a pooled object:
/// <c>[AsyncMethodBuilder(typeof(PooledValueTaskBuilder&lt;&gt;))]</c>. For the methods that every request waits in.
/// </summary>
/// <remarks>
/// The platform's <see cref="PoolingAsyncValueTaskMethodBuilder{TResult}"/> keeps one object per thread and one per core:
/// with an event loop of its own and sixteen requests waiting on it, nearly every wait allocates (measured: 1 223 bytes a
/// request). Here each thread keeps <see cref="PooledStateMachine{TResult}.MostKept"/> per method. As with the platform's,
/// the task may be awaited once only.
/// </remarks>
/// <typeparam name="TResult">What the method returns.</typeparam>
internal struct PooledValueTaskBuilder<TResult>
{
    private PooledStateMachine<TResult>? _machine;
    private Exception? _exception;
    private TResult _result;

    /// <summary>Called by the compiler.</summary>
    public readonly ValueTask<TResult> Task =>
        _machine is not null ? _machine.Task
        : _exception is not null ? ValueTask.FromException<TResult>(_exception)
        : new ValueTask<TResult>(_result);

    /// <summary>For <see cref="PooledValueTaskBuilder"/>.</summary>
    internal readonly ValueTask TaskWithoutResult =>
        _machine is not null ? _machine.TaskWithoutResult
        : _exception is not null ? ValueTask.FromException(_exception)
        : ValueTask.CompletedTask;

    /// <summary>Called by the compiler.</summary>
    public static PooledValueTaskBuilder<TResult> Create() => default;

    /// <summary>Called by the compiler. Stateless in the platform's builder, which restores the caller's execution context.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine =>
        default(AsyncValueTaskMethodBuilder).Start(ref stateMachine);

    /// <summary>Called by the compiler; for boxes made elsewhere, which there are none of.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>Called by the compiler.</summary>
    public void SetResult(TResult result)
    {
        if (_machine is null)
        {
            _result = result;
        }
        else
        {
            _machine.SetResult(result);
        }
    }

    /// <summary>Called by the compiler.</summary>
    public void SetException(Exception exception)
    {
        if (_machine is null)
        {
            _exception = exception;
        }
        else
        {
            _machine.SetException(exception);
        }
    }

    /// <summary>Called by the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        awaiter.OnCompleted(Suspend(ref stateMachine));

    /// <summary>Called by the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        awaiter.UnsafeOnCompleted(Suspend(ref stateMachine));

    private Action Suspend<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_machine is null)
        {
            var machine = PooledStateMachine<TResult, TStateMachine>.Rent();

            // Before the copy: this builder is a field of what is copied.
            _machine = machine;
            machine.StateMachine = stateMachine;
        }

        return _machine.Suspend();
    }
}

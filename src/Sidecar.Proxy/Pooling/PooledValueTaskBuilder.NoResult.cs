using System.Runtime.CompilerServices;

#pragma warning disable CA1822 // the compiler calls these on an instance

namespace Sidecar.Proxy.Pooling;

/// <summary><see cref="PooledValueTaskBuilder{TResult}"/> for methods without a result.</summary>
internal struct PooledValueTaskBuilder
{
    private PooledValueTaskBuilder<Nothing> _builder;

    /// <summary>Called by the compiler.</summary>
    public readonly ValueTask Task => _builder.TaskWithoutResult;

    /// <summary>Called by the compiler.</summary>
    public static PooledValueTaskBuilder Create() => default;

    /// <summary>Called by the compiler.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => _builder.Start(ref stateMachine);

    /// <summary>Called by the compiler; for boxes made elsewhere, which there are none of.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>Called by the compiler.</summary>
    public void SetResult() => _builder.SetResult(default);

    /// <summary>Called by the compiler.</summary>
    public void SetException(Exception exception) => _builder.SetException(exception);

    /// <summary>Called by the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => _builder.AwaitOnCompleted(ref awaiter, ref stateMachine);

    /// <summary>Called by the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => _builder.AwaitUnsafeOnCompleted(ref awaiter, ref stateMachine);

    private readonly struct Nothing;
}

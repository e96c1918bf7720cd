namespace Sidecar.LoadGen.Loop;

/// <summary>The one place where the generator waits: for sockets and for the next intended start. One thread owns it.</summary>
public interface IReactor
{
    /// <summary>Monotonic, nanoseconds.</summary>
    long Now { get; }

    /// <summary>Handles what is ready, waiting for it at most until the given time. May return earlier.</summary>
    void Wait(long until);

    /// <summary>Runs an action on the owning thread, inside <see cref="Wait"/>; callable from any thread.</summary>
    void Post(Action action);
}

using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Sidecar.Interception.Tests.Topology;

/// <summary>
/// A thread that entered a network namespace for good. A socket belongs for life to the namespace of the thread that
/// created it, so whatever is created here can afterwards be used from any thread, asynchronously too.
/// </summary>
internal sealed class NamespaceThread : IDisposable
{
    private const int NetworkNamespaceType = 0x40000000; // CLONE_NEWNET

    private readonly BlockingCollection<Action> _work = [];

    /// <summary>Starts the thread; <paramref name="path"/> is the namespace's file, such as <c>/run/netns/name</c>.</summary>
    public NamespaceThread(string path)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Live(path, entered)) { IsBackground = true, Name = Path.GetFileName(path) }.Start();
        entered.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs the function inside the namespace. It must not await: its continuation would run elsewhere.</summary>
    public T Run<T>(Func<T> create)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                result.SetResult(create());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        });
        return result.Task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the thread. What it created lives on.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Live(string path, TaskCompletionSource entered)
    {
        try
        {
            using var file = File.OpenHandle(path);
            if (EnterNamespace((int)file.DangerousGetHandle(), NetworkNamespaceType) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns({path})");
            }
        }
        catch (Exception error)
        {
            entered.SetException(error);
            return;
        }

        entered.SetResult();
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }

        _work.Dispose();
    }

    // DllImport: blittable arguments need no generated marshalling, and this project no unsafe code.
    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int EnterNamespace(int file, int type);
}

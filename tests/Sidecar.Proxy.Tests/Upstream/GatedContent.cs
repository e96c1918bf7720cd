using System.Net;
using System.Text;

namespace Sidecar.Proxy.Tests.Upstream;

/// <summary>A body in two parts; the second waits until the test lets it go, or fails.</summary>
internal sealed class GatedContent(string first, string second) : HttpContent
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Serializations { get; private set; }

    public void Open() => _gate.TrySetResult();

    public void Fail(Exception exception) => _gate.TrySetException(exception);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        Serializations++;
        await stream.WriteAsync(Encoding.Latin1.GetBytes(first));
        await stream.FlushAsync();
        await _gate.Task.WaitAsync(Limits.Safety);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(second));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = first.Length + second.Length;
        return true;
    }
}

using System.Text;
using Sidecar.Configuration;

namespace Sidecar.Proxy.Configuration;

/// <summary>
/// <c>--state-dir</c>: keeps the last accepted document, so that a container restarted beside a broken configuration
/// starts on what worked. One writer.
/// </summary>
/// <param name="path">A writable directory; made when missing.</param>
public sealed class StateDirectory(string path)
{
    /// <summary>The document's file name.</summary>
    public const string FileName = "last-good.json";

    private const string TemporaryName = FileName + ".tmp";

    /// <summary>
    /// Writes the merged document so that a crash at any moment leaves the old one or the new one, whole. The directory's
    /// own entry is not synced: a power failure then brings the older document back, which is still one that was accepted.
    /// </summary>
    /// <returns>Null when done, else why not: the proxy runs on without.</returns>
    public string? Save(string mergedDocument)
    {
        var temporary = Path.Combine(path, TemporaryName);
        try
        {
            Directory.CreateDirectory(path);
            File.Delete(temporary);
            using (var stream = new FileStream(temporary, WriteOptions()))
            {
                stream.Write(Encoding.UTF8.GetBytes(mergedDocument));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(path, FileName), overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the accepted configuration could not be kept in {path}: {e.Message}";
        }
    }

    /// <summary>The last accepted document; null when there is none that can be read.</summary>
    public ConfigurationSource? Load()
    {
        var name = Path.Combine(path, FileName);
        var content = new ConfigFile(name, isOptional: true).Read();
        return content.Text is null ? null : new ConfigurationSource(name, content.Text);
    }

    private static FileStreamOptions WriteOptions()
    {
        // CreateNew never follows a link that somebody put there.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            // Documents may name header values that callers must present.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}

using System.Text;

namespace Sidecar.Proxy.Configuration;

/// <summary>What reading one file gave: a text, or why there is none.</summary>
/// <param name="Text">The content; null when it could not be read.</param>
/// <param name="Problem">Why not; null when it could.</param>
/// <param name="IsMissing">It does not exist.</param>
internal readonly record struct ConfigFileContent(string? Text, string? Problem, bool IsMissing);

/// <summary>One configuration file on disk.</summary>
internal sealed class ConfigFile(string name, bool isOptional)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // A pipe (a shell's process substitution) can be read once: what it gave is kept, and it is not watched.
    private ConfigFileContent? _pipeContent;

    /// <summary>As the operator wrote it.</summary>
    public string Name { get; } = name;

    /// <summary>It may be missing.</summary>
    public bool IsOptional { get; } = isOptional;

    /// <summary>Real path, size and time of change; a word when it is not a readable file.</summary>
    public string Stamp()
    {
        if (_pipeContent is not null)
        {
            return "pipe";
        }

        try
        {
            // The handle's own numbers, not the path's: those may be the symbolic link's.
            using var handle = File.OpenHandle(Name);
            return $"{ResolvedPath.Of(Name)} {RandomAccess.GetLength(handle)} {File.GetLastWriteTimeUtc(handle).Ticks}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return e.GetType().Name;
        }
    }

    /// <summary>The content.</summary>
    public ConfigFileContent Read()
    {
        if (_pipeContent is { } kept)
        {
            return kept;
        }

        try
        {
            using var stream = new FileStream(Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var content = Decode(stream);
            if (!stream.CanSeek)
            {
                _pipeContent = content;
            }

            return content;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ConfigFileContent(null, "the file does not exist", IsMissing: true);
        }
        catch (UnauthorizedAccessException)
        {
            return Unreadable(Directory.Exists(Name) ? "this is a directory, not a file" : "no permission to read the file");
        }
        catch (IOException e)
        {
            return Unreadable($"the file cannot be read: {e.Message}");
        }
    }

    private static ConfigFileContent Decode(FileStream stream)
    {
        // One byte more than allowed tells "too large" without trusting a size that may change meanwhile.
        using var limited = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int read; limited.Length <= ConfigFileSet.MaxFileBytes && (read = stream.Read(chunk)) > 0;)
        {
            limited.Write(chunk, 0, read);
        }

        if (limited.Length > ConfigFileSet.MaxFileBytes)
        {
            return Unreadable($"the file is larger than {ConfigFileSet.MaxFileBytes / (1024 * 1024)} MiB");
        }

        var bytes = limited.GetBuffer().AsSpan(0, (int)limited.Length);
        try
        {
            return new ConfigFileContent(StrictUtf8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes), null, IsMissing: false);
        }
        catch (DecoderFallbackException e)
        {
            return Unreadable($"the file is not UTF-8 (byte {e.Index})");
        }
    }

    private static ConfigFileContent Unreadable(string problem) => new(null, problem, IsMissing: false);
}

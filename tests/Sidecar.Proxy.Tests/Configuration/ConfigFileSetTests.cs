using System.Text;
using Sidecar.Proxy.Configuration;

namespace Sidecar.Proxy.Tests.Configuration;

public sealed class ConfigFileSetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_RequiredAndOptional_KeepsTheOrder()
    {
        var a = _directory.Write("a.yaml", "version: 1");
        var b = _directory.Write("b.yaml", "routes: {}");
        var c = _directory.Write("c.yaml", "clusters: {}");

        var reading = new ConfigFileSet([b, a], [c]).Read();

        Assert.Equal([b, a, c], reading.Sources.Select(source => source.Name));
        Assert.Equal("routes: {}", reading.Sources[0].Text);
        Assert.Empty(reading.Problems);
        Assert.False(reading.IsRequiredFileMissing);
    }

    [Fact]
    public void Read_RequiredFileMissing_IsAProblemAndBadUsage()
    {
        var missing = _directory.File("missing.yaml");

        var reading = new ConfigFileSet([missing], []).Read();

        Assert.Equal($"{missing}: (file): the file does not exist", Assert.Single(reading.Problems).ToString());
        Assert.True(reading.IsRequiredFileMissing);
    }

    [Fact]
    public void Read_OptionalFileMissing_IsSkippedAndListed()
    {
        var missing = _directory.File("none/missing.yaml");

        var reading = new ConfigFileSet([], [missing]).Read();

        Assert.Empty(reading.Problems);
        Assert.Equal(new ConfigFileStatus(missing, IsOptional: true, IsPresent: false), Assert.Single(reading.Files));
    }

    [Fact]
    public void Read_FirstOfSeveralMissing_TheNextIsNotTakenForTheFirst()
    {
        var missing = _directory.File("platform/sidecar.yaml");
        var policies = _directory.Write("sidecar.yaml", "version: 1");

        Assert.Equal(missing, Assert.Single(new ConfigFileSet([], [missing, policies]).Read().Sources).MissingFirst);
        Assert.Null(Assert.Single(new ConfigFileSet([], [policies, missing]).Read().Sources).MissingFirst);
    }

    [Fact]
    public void Read_Directory_IsAProblemThatDoesNotCountAsMissing()
    {
        var reading = new ConfigFileSet([_directory.Path], []).Read();

        Assert.Contains("directory", Assert.Single(reading.Problems).Message, StringComparison.Ordinal);
        Assert.False(reading.IsRequiredFileMissing);
    }

    [Theory]
    [InlineData(ConfigFileSet.MaxFileBytes, 0)]
    [InlineData(ConfigFileSet.MaxFileBytes + 1, 1)]
    public void Read_Size_IsLimitedExactly(int size, int problems)
    {
        var path = _directory.Write("large.yaml", new string('#', size));

        Assert.Equal(problems, new ConfigFileSet([path], []).Read().Problems.Length);
    }

    [Fact]
    public void Read_InvalidUtf8_IsAProblemNamingTheByte()
    {
        File.WriteAllBytes(_directory.File("bad.yaml"), [(byte)'a', (byte)'b', 0xC3, 0x28]);

        var reading = new ConfigFileSet([_directory.File("bad.yaml")], []).Read();

        Assert.Equal("the file is not UTF-8 (byte 2)", Assert.Single(reading.Problems).Message);
    }

    [Fact]
    public void Read_ByteOrderMark_IsNotPartOfTheText()
    {
        File.WriteAllText(_directory.File("bom.yaml"), "version: 1", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        Assert.Equal("version: 1", new ConfigFileSet([_directory.File("bom.yaml")], []).Read().Sources[0].Text);
    }

    [Fact]
    public void Digest_ContentMovesBetweenFiles_Differs()
    {
        var a = _directory.Write("a.yaml", "xy");
        var b = _directory.Write("b.yaml", "z");
        var files = new ConfigFileSet([a, b], []);
        var before = files.Read().Digest;

        _directory.Write("a.yaml", "x");
        _directory.Write("b.yaml", "yz");

        Assert.NotEqual(before, files.Read().Digest);
    }

    [Fact]
    public void Digest_EmptyAndMissing_Differ()
    {
        var path = _directory.Write("a.yaml", "");
        var files = new ConfigFileSet([], [path]);
        var before = files.Read().Digest;

        File.Delete(path);

        Assert.NotEqual(before, files.Read().Digest);
    }

    [Fact]
    public void Stamp_LinkInTheMiddleOfThePathIsSwapped_Differs()
    {
        var written = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        foreach (var generation in (string[])["..1", "..2"])
        {
            Directory.CreateDirectory(_directory.File(generation));
            File.SetLastWriteTimeUtc(_directory.Write($"{generation}/sidecar.yaml", "version: 1"), written);
        }

        Directory.CreateSymbolicLink(_directory.File("..data"), "..1");
        File.CreateSymbolicLink(_directory.File("sidecar.yaml"), "..data/sidecar.yaml");
        var files = new ConfigFileSet([_directory.File("sidecar.yaml")], []);
        var before = files.Stamp();

        Directory.Delete(_directory.File("..data"));
        Directory.CreateSymbolicLink(_directory.File("..data"), "..2");

        Assert.NotEqual(before, files.Stamp());
    }

    [Fact]
    public void Read_Pipe_IsReadOnceAndKept()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        var files = new ConfigFileSet([$"/dev/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}"], []);
        pipe.Write("version: 1"u8);

        // The writing end alone: without a writer the reader sees the end.
        pipe.SafePipeHandle.Dispose();

        Assert.Equal("version: 1", files.Read().Sources[0].Text);
        Assert.Equal("version: 1", files.Read().Sources[0].Text);
    }
}

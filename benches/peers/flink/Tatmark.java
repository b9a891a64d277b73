import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * TATmark's three rules as a keyed process function with event-time timers.
 *
 * <p>Reads lines "answers-folder file file ..." from standard input, runs one job for each, and writes how many seconds Flink says the
 * job took. So one JVM is warm for every run but the first. Object reuse is on, state lives on the heap, there are no checkpoints.
 */
public final class Tatmark {
    static final int PARALLELISM = 2;
    static final long MINUTE = 60;

    /** What an event says, as bits beside its step. */
    static final int IMAGING = 8, STAT = 16, CRITICAL = 32, STEP = 7;
    static final int OTHER = 0, ORDERED = 1, RECEIVED = 2, FINAL = 3, ACKNOWLEDGED = 4;

    public static void main(String[] arguments) throws Exception {
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = asked.readLine(); line != null; line = asked.readLine()) {
            String[] words = line.split(" ");
            org.apache.flink.core.fs.Path[] files = new org.apache.flink.core.fs.Path[words.length - 1];
            for (int n = 1; n < words.length; n++) {
                files[n - 1] = new org.apache.flink.core.fs.Path(words[n]);
            }
            System.out.println(run(words[0], files) / 1000.0);
        }
    }

    /** One job; milliseconds. */
    static long run(String answers, org.apache.flink.core.fs.Path[] files) throws Exception {
        StreamExecutionEnvironment job = StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, new Configuration());
        job.getConfig().enableObjectReuse();
        FileSource<String> source = FileSource.forRecordStreamFormat(new TextLineInputFormat(), files).build();
        WatermarkStrategy<Tuple3<String, Long, Integer>> inOrder =
                WatermarkStrategy.<Tuple3<String, Long, Integer>>forMonotonousTimestamps()
                        .withTimestampAssigner((event, before) -> event.f1);
        job.fromSource(source, WatermarkStrategy.noWatermarks(), "lines")
                .flatMap(new Decode())
                .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.INT))
                .assignTimestampsAndWatermarks(inOrder)
                .keyBy(event -> event.f0, Types.STRING)
                .process(new Rules())
                .map(new Write(answers))
                .sinkTo(new DiscardingSink<>());
        JobExecutionResult result = job.execute("TATmark");
        return result.getNetRuntime();
    }

    /** A line as (order number, second, what it says); what cannot be read is left out. */
    static final class Decode extends RichFlatMapFunction<String, Tuple3<String, Long, Integer>> {
        private transient JsonFactory json;
        private transient Tuple3<String, Long, Integer> event;

        @Override
        public void open(OpenContext context) {
            json = new JsonFactory();
            event = new Tuple3<>();
        }

        @Override
        public void flatMap(String line, Collector<Tuple3<String, Long, Integer>> out) throws IOException {
            event.f0 = null;
            event.f1 = null;
            int says = 0;
            try (JsonParser parser = json.createParser(line)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    JsonToken value = parser.nextToken();
                    switch (name) {
                        case "report":
                            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                                boolean isPlacer = parser.currentName().equals("placer");
                                parser.nextToken();
                                if (isPlacer) {
                                    event.f0 = parser.getText();
                                } else {
                                    parser.skipChildren();
                                }
                            }
                            break;
                        case "kind":
                            says |= parser.getText().equals("imaging") ? IMAGING : 0;
                            break;
                        case "priority":
                            says |= parser.getText().equals("stat") ? STAT : 0;
                            break;
                        case "step":
                            says |= step(parser.getText());
                            break;
                        case "occurred_at":
                            event.f1 = second(parser.getText());
                            break;
                        case "flags":
                            while (parser.nextToken() != JsonToken.END_ARRAY) {
                                says |= parser.getText().equals("critical") ? CRITICAL : 0;
                            }
                            break;
                        default:
                            if (value.isStructStart()) {
                                parser.skipChildren();
                            }
                    }
                }
            }
            if (event.f0 != null && event.f1 != null) {
                event.f2 = says;
                out.collect(event);
            }
        }

        private static int step(String word) {
            switch (word) {
                case "ordered":
                    return ORDERED;
                case "received":
                    return RECEIVED;
                case "final":
                    return FINAL;
                case "acknowledged":
                    return ACKNOWLEDGED;
                default:
                    return OTHER;
            }
        }

        /** 2026-01-05T06:00:12Z as seconds since 1970: the JDK's general parser takes several times as long. */
        private static long second(String text) {
            int year = number(text, 0, 4), month = number(text, 5, 7), day = number(text, 8, 10);
            int shifted = month > 2 ? year : year - 1;
            int of = month > 2 ? month - 3 : month + 9;
            long days = 365L * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153L * of + 2) / 5 + day - 719_469;
            return days * 86_400 + number(text, 11, 13) * 3_600L + number(text, 14, 16) * 60L + number(text, 17, 19);
        }

        private static int number(String text, int from, int until) {
            int number = 0;
            for (int at = from; at < until; at++) {
                number = number * 10 + text.charAt(at) - '0';
            }
            return number;
        }
    }

    /** What is open about one report. */
    public static final class Open {
        boolean isImaging;
        /** Of the turnaround clock; 0 when it never started. */
        long start;
        boolean isStopped, isWarned, isBreached;
        /** When the critical report was final; 0 when nobody is asked. */
        long critical;
        /** Steps of the call-out that are done, 5 is the task at its end. */
        int steps;
        /** The timer that is armed; 0 for none. */
        long timer;
    }

    /** Clocks, thresholds, breach, call-out. */
    static final class Rules extends KeyedProcessFunction<String, Tuple3<String, Long, Integer>, String> {
        private static final long[] STEPS = {0, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 90 * MINUTE};
        private transient ValueState<Open> state;

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("open", Open.class));
        }

        @Override
        public void processElement(Tuple3<String, Long, Integer> event, Context context, Collector<String> out) throws Exception {
            long at = event.f1;
            int says = event.f2;
            Open open = state.value();
            if (open == null) {
                open = new Open();
                open.isImaging = (says & IMAGING) != 0;
            }
            String report = context.getCurrentKey();
            // Watermarks come behind the events: what was due earlier is done first.
            advance(report, open, at, out);
            switch (says & STEP) {
                case ORDERED:
                    if (open.isImaging) {
                        open.start = at;
                        tell(out, report, "radiology running", at);
                    }
                    break;
                case RECEIVED:
                    if (!open.isImaging && (says & STAT) != 0) {
                        open.start = at;
                        tell(out, report, "lab running", at);
                    }
                    break;
                case FINAL:
                    stop(report, open, at, out);
                    if ((says & CRITICAL) != 0) {
                        open.critical = at;
                        open.steps = 1;
                        tell(out, report, "critical step 1", at);
                    }
                    break;
                case ACKNOWLEDGED:
                    if (open.critical != 0) {
                        tell(out, report, "critical answered", at);
                        open.critical = 0;
                    }
                    break;
                default:
                    break;
            }
            arm(open, context);
            if ((says & STEP) == ACKNOWLEDGED) {
                state.clear();
            } else {
                state.update(open);
            }
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<String> out) throws Exception {
            Open open = state.value();
            if (open != null) {
                open.timer = 0;
                advance(context.getCurrentKey(), open, at + 1, out);
                arm(open, context);
            }
        }

        /** Does what was due before {@code at}. */
        private static void advance(String report, Open open, long at, Collector<String> out) {
            String rule = open.isImaging ? "radiology" : "lab";
            if (open.start != 0 && !open.isStopped) {
                if (!open.isImaging && !open.isWarned && open.start + 45 * MINUTE < at) {
                    open.isWarned = true;
                    tell(out, report, "lab warned", open.start + 45 * MINUTE);
                }
                if (!open.isBreached && open.start + target(open) < at) {
                    open.isBreached = true;
                    tell(out, report, rule + " breached", open.start + target(open));
                }
            }
            while (open.critical != 0 && open.steps < STEPS.length && open.critical + STEPS[open.steps] < at) {
                long due = open.critical + STEPS[open.steps];
                open.steps++;
                tell(out, report, open.steps == STEPS.length ? "critical unresolved" : "critical step " + open.steps, due);
            }
        }

        private static void stop(String report, Open open, long at, Collector<String> out) {
            if (open.start == 0 || open.isStopped) {
                return;
            }
            open.isStopped = true;
            String rule = open.isImaging ? "radiology" : "lab";
            if (!open.isBreached) {
                // Times are known to the second: in the very second of the end nobody can tell.
                tell(out, report, rule + (at == open.start + target(open) ? " unsure" : " met"), at);
            }
        }

        private static long target(Open open) {
            return open.isImaging ? 24 * 60 * MINUTE : 60 * MINUTE;
        }

        /** Arms the one timer that is due next, and takes back another. */
        private static void arm(Open open, Context context) {
            long next = Long.MAX_VALUE;
            if (open.start != 0 && !open.isStopped && !open.isBreached) {
                next = open.start + (open.isImaging || open.isWarned ? target(open) : 45 * MINUTE);
            }
            if (open.critical != 0 && open.steps < STEPS.length) {
                next = Math.min(next, open.critical + STEPS[open.steps]);
            }
            if (next == open.timer) {
                return;
            }
            if (open.timer != 0) {
                context.timerService().deleteEventTimeTimer(open.timer);
            }
            open.timer = next == Long.MAX_VALUE ? 0 : next;
            if (open.timer != 0) {
                context.timerService().registerEventTimeTimer(open.timer);
            }
        }

        private static void tell(Collector<String> out, String report, String what, long at) {
            out.collect(report + "|" + what + "|" + at);
        }
    }

    /** Writes answers, one file for each of the parallel tasks. */
    static final class Write extends RichMapFunction<String, String> {
        private final String folder;
        private transient BufferedWriter file;

        Write(String folder) {
            this.folder = folder;
        }

        @Override
        public void open(OpenContext context) throws IOException {
            int task = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
            file = Files.newBufferedWriter(Path.of(folder, "part-" + task));
        }

        @Override
        public String map(String answer) throws IOException {
            file.write(answer);
            file.newLine();
            return answer;
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                file.close();
            }
        }
    }
}

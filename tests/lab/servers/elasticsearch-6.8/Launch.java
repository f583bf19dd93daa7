import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.elasticsearch.cli.Terminal;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.xpack.core.XPackPlugin;
import org.elasticsearch.xpack.security.Security;

/**
 * Starts one node from a configuration directory: Launch CONFIG_DIR NODE_NAME.
 *
 * The distribution's own main class is not used: its bootstrap checks ask for limits that a container cannot raise.
 * X-Pack's core and its security stand on the class path and not in modules/, so that their classes are in the archive (see compile).
 */
public class Launch {
    static class LabNode extends Node {
        LabNode(Environment environment) {
            super(environment, List.of(XPackPlugin.class, Security.class), true);
        }

        @Override
        protected void registerDerivedNodeNameWithLogger(String name) {
            // said in main
        }
    }

    public static void main(String[] args) throws Exception {
        Path config = Path.of(args[0]);
        String name = args[1];
        LogConfigurator.setNodeName(name);
        LogConfigurator.registerErrorListener();
        Settings home = Settings.builder().put("path.home", System.getProperty("lab.home")).put("node.name", name).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(home, Terminal.DEFAULT, Map.of(), config);
        LogConfigurator.configure(environment);
        Node node = new LabNode(environment);
        Lifetime.of(node, node::start);
    }
}

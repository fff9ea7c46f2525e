import "./address.test";
import "./camera.test";
import "./clock.test";
import "./cloud.test";
import "./format.test";
import "./palette.test";
import "./series.test";

export { runAll } from "./harness";

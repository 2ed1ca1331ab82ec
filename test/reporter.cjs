'use strict';
// Mocha's own spec report, and then the plain closing line that every CI reads.
const { reporters } = require('mocha');

module.exports = class ClosingLine extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`);
    });
  }
};
